/** `kith` and `kith-relay` as people run them: built, in processes of their own, driven by their JSON. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const KITH = fileURLToPath(new URL('../../packages/cli/dist/kith.js', import.meta.url))
const KITH_RELAY = fileURLToPath(new URL('../../relay-node/dist/kith-relay.js', import.meta.url))

/** An event as a script would see it. */
export type Seen = Readonly<Record<string, unknown>> & { readonly event: string }

/** A program that runs, or has run. */
export interface Program {
  readonly pid: number
  /** With its exit code; -1 when it was killed. */
  readonly ended: Promise<number>
  events(): readonly Seen[]
  /** Everything it wrote. */
  output(): string
  /** The first event of that name. @throws when the program ends before, or says nothing for 20 s */
  event(name: string): Promise<Seen>
  /** Resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Runs a `kith` command with `--json`, to its end or until it is killed; `within` is a network namespace. */
export function startKith(home: string, argv: readonly string[], within?: string): Program {
  return start(KITH, [...argv, '--json', '--home', home], home, within)
}

/** Runs `kith-relay run`, open to everybody; `within` is a network namespace. */
export function startRelay(home: string, argv: readonly string[], within?: string): Program {
  return start(KITH_RELAY, ['run', '--json', '--open', '--home', home, ...argv], home, within)
}

/** The same as it runs as a service: what it says is for a journal. */
export function startLoggingRelay(home: string, argv: readonly string[]): Program {
  return start(KITH_RELAY, ['run', '--log', '--open', '--home', home, ...argv], home)
}

/** Runs `kith-relay run`, closed until a device claims it. */
export function startClosedRelay(home: string, argv: readonly string[]): Program {
  return start(KITH_RELAY, ['run', '--json', '--home', home, ...argv], home)
}

/** How a command ended. */
export interface Outcome {
  readonly code: number
  readonly events: readonly Seen[]
}

/** Runs a `kith` command to its end. */
export async function kith(home: string, ...argv: readonly string[]): Promise<Outcome> {
  const program = startKith(home, argv)
  const code = await program.ended
  return { code, events: program.events() }
}

const SILENCE_MS = 20_000

function start(script: string, argv: readonly string[], home: string, within?: string): Program {
  // `ip netns exec` becomes the program it runs: a signal reaches that.
  const enter = within === undefined ? [] : ['ip', 'netns', 'exec', within]
  const [command = process.execPath, ...words] = [...enter, process.execPath, script, ...argv]
  const child = spawn(command, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, HOME: home },
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${script} could not be started`)
  const text = { out: '', err: '' }
  const lines = new EventTarget()
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk
    lines.dispatchEvent(new Event('more'))
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk
  })
  const ended = endOf(child)
  void ended.then(() => lines.dispatchEvent(new Event('more')))

  const events = (): readonly Seen[] => {
    const whole = text.out.slice(0, text.out.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
  const output = (): string => text.out + text.err

  async function event(name: string): Promise<Seen> {
    const deadline = AbortSignal.timeout(SILENCE_MS)
    for (;;) {
      const found = events().find((one) => one.event === name)
      if (found) return found
      if (child.exitCode !== null || child.signalCode !== null || deadline.aborted) {
        throw new Error(`no "${name}": ${output()}`)
      }
      await Promise.race([once(lines, 'more', { signal: deadline }).catch(() => undefined)])
    }
  }

  return {
    pid,
    ended,
    events,
    output,
    event,
    kill: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}

function endOf(child: ChildProcess): Promise<number> {
  return once(child, 'close').then(() => child.exitCode ?? -1)
}
