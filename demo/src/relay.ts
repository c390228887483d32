import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/** A `kith-relay` in a process of its own. */
export interface DemoRelay {
  readonly addresses: readonly string[]
  /** Resolves when the process is gone. */
  end(): Promise<void>
}

const relayPackage = createRequire(import.meta.url).resolve('kith-relay/package.json')
const PROGRAM = join(dirname(relayPackage), 'dist', 'kith-relay.js')

/** Starts a relay that only this machine reaches; the same `home` keeps the same identity. */
export async function startRelay(home: string, listen: readonly string[]): Promise<DemoRelay> {
  const args = ['run', '--json', '--open', '--home', home, '--admin', 'off']
  const child = spawn(
    process.execPath,
    [PROGRAM, ...args, ...listen.flatMap((address) => ['--listen', address])],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  // Not inherited: a process that ends gives an inherited terminal back the mode it found it in.
  child.stderr.pipe(process.stderr, { end: false })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return { addresses: await readyAddresses(child, gone), end: () => endRelay(child, gone) }
}

async function readyAddresses(
  child: ChildProcess,
  gone: Promise<void>,
): Promise<readonly string[]> {
  if (!child.stdout) throw new Error('the relay has no output')
  const lines = createInterface({ input: child.stdout })
  const ready = Promise.withResolvers<readonly string[]>()
  lines.on('line', (line) => {
    const event: {
      readonly event: string
      readonly addresses?: readonly string[]
      readonly message?: string
    } = JSON.parse(line)
    if (event.event === 'ready') ready.resolve(event.addresses ?? [])
    if (event.event === 'error') ready.reject(new Error(event.message))
  })
  void gone.then(() => ready.reject(new Error('the relay has ended')))
  return ready.promise
}

async function endRelay(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  await gone
}
