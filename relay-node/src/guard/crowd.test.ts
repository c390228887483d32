import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { type RelayProcess, startKithRelay, startProcess } from '../testing/processes.ts'
import { createWorld } from '../testing/running.ts'

/** How many devices hold a place; 5,000 is what a small server should bear (CONTRIBUTING.md). */
const DEVICES = Number(process.env['KITH_CROWD'] ?? 200)
const ALL_BYTES = 1024 ** 3
const EACH_BYTES = 80_000
/** Of what it took before anybody came. */
const AFTERWARDS = 1.3
const STORY_MS = 1_200_000

const CROWD = fileURLToPath(new URL('../testing/crowd.ts', import.meta.url))
const world = createWorld()
const processes: RelayProcess[] = []
afterEach(async () => {
  for (const { child, exit } of processes.splice(0).toReversed()) {
    child.kill('SIGKILL')
    await exit()
  }
  await world.stop()
})

function running(process: RelayProcess): RelayProcess {
  processes.push(process)
  return process
}

/** Loaded into the relay: when a signal asks it collects as `tidy-memory.ts` does in a quiet minute, and tells. */
const TIDYING = `
  import { setFlagsFromString } from 'node:v8'
  import { runInNewContext } from 'node:vm'
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc')
  let asked = 0
  process.on('SIGUSR2', () => {
    const before = process.memoryUsage.rss()
    gc({ type: 'major', flavor: 'last-resort' })
    const said = { event: 'tidied-' + asked++, before, after: process.memoryUsage.rss() }
    process.stdout.write(JSON.stringify(said) + '\\n')
  })`

/** Bytes of a relay in memory, before it was tidied and after. */
function memoryOf(relay: RelayProcess): () => Promise<{ before: number; after: number }> {
  let asked = 0
  return async () => {
    relay.child.kill('SIGUSR2')
    const { before, after } = await relay.event(`tidied-${asked}`)
    asked += 1
    return { before: Number(before), after: Number(after) }
  }
}

describe.skipIf(process.platform !== 'linux')('a relay with many devices', () => {
  test(
    `RLY-67 ${DEVICES} devices hold a place: 1 GiB in all, 80 kB each, and given back when they leave`,
    async () => {
      const home = await world.home()
      const limits = ['--max-reservations', String(DEVICES), '--max-per-address', String(DEVICES)]
      const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin', '127.0.0.1:0', '--stun', 'off']
      const flags = ['run', '--open', '--json', '--home', home, ...limits, ...listen]
      const relay = running(startKithRelay(flags, { preload: TIDYING }))
      const { addresses, admin } = await relay.event('ready')
      const memory = memoryOf(relay)
      const reservations = async (): Promise<number> =>
        (await (await fetch(`${admin}/status`)).json()).reservations
      await reservations()
      const idle = await memory()

      const crowd = running(startProcess(CROWD, [String(DEVICES), String([addresses].flat()[0])]))
      expect(await crowd.event('there')).toMatchObject({ reserved: DEVICES })
      expect(await reservations()).toBe(DEVICES)
      const full = await memory()
      crowd.child.kill('SIGTERM')
      await crowd.event('gone')
      await expect.poll(reservations).toBe(0)
      const gone = await memory()

      const each = Math.round((full.after - idle.after) / DEVICES)
      process.stderr.write(`crowd ${JSON.stringify({ DEVICES, idle, full, gone, each })}\n`)
      expect(full.before).toBeLessThan(ALL_BYTES)
      expect(each).toBeLessThan(EACH_BYTES)
      expect(gone.after).toBeLessThan(idle.after * AFTERWARDS)
    },
    STORY_MS,
  )
})
