/** Real processes of `kith`, each with a home of its own. Needs the build (`npm run build`). */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { eventually } from './eventually.ts'

const KITH = fileURLToPath(new URL('../dist/kith.js', import.meta.url))

/** An event as a script would see it. */
export type Seen = Readonly<Record<string, unknown>> & { readonly event: string }

/** A process that runs, or has run. */
export interface KithProcess {
  readonly ended: Promise<number>
  events(): readonly Seen[]
  stderr(): string
  /** The first event of that name, waited for. */
  event(name: string): Promise<Seen>
  kill(signal: NodeJS.Signals): void
}

/** Starts `kith … --json --home HOME`. */
export function spawnKith(home: string, argv: readonly string[]): KithProcess {
  const child = spawn(process.execPath, [KITH, ...argv, '--json', '--home', home], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: home, NODE_DISABLE_COMPILE_CACHE: '1' },
  })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const events = (): readonly Seen[] => {
    const whole = text.out.slice(0, text.out.lastIndexOf('\n') + 1)
    const lines = whole.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line))
  }
  const ended = once(child, 'close').then(([code, signal]) => (signal === null ? code : -1))
  return {
    ended,
    events,
    stderr: () => text.err,
    event: async (name) => {
      const found = (): Seen | undefined => events().find(({ event }) => event === name)
      const over = ended.then(() => 'ended')
      await Promise.race([eventually(found).toBeDefined(), over])
      const event = found()
      if (event === undefined) throw new Error(`no "${name}": ${text.out}${text.err}`)
      return event
    },
    kill: (signal) => child.kill(signal),
  }
}

/** Runs a command to its end. */
export async function kith(
  home: string,
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly events: readonly Seen[] }> {
  const process = spawnKith(home, argv)
  const code = await process.ended
  return { code, events: process.events() }
}
