import { onTestFinished } from 'vitest'
import { eventually } from './eventually.ts'
import type { FakeDevice } from './fake-device.ts'
import { type FakeLibrary, fakeLibrary } from './fake-node.ts'
import { type Run, run, type Seat, start, temporaryFolder } from './terminal.ts'

/** A device that is up, and commands for it. */
export interface World {
  readonly home: string
  readonly library: FakeLibrary
  readonly device: FakeDevice
  readonly up: Run
  /** Runs a command with `--json` and `--home`. */
  json(argv: readonly string[], seat?: Seat): Promise<Run & { code: number }>
  /** Runs a command as people do. */
  human(argv: readonly string[], seat?: Seat): Promise<Run & { code: number }>
}

/** Starts a device for one test. */
export async function createWorld(prepare?: (fake: FakeDevice) => void): Promise<World> {
  const home = await temporaryFolder()
  const library = fakeLibrary(prepare)
  const up = start(['up', '--home', home, '--json'], { library })
  onTestFinished(async () => {
    up.signal('SIGTERM')
    await up.ended
  })
  await eventually(() => up.out()).toContain('"ready"')
  const [device] = library.devices
  if (device === undefined) throw new Error('no device was made')
  return {
    home,
    library,
    device,
    up,
    json: (argv, seat) => run([...argv, '--json', '--home', home], seat),
    human: (argv, seat) => run([...argv, '--home', home], seat),
  }
}
