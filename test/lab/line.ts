/** Lines that are slow, long and lossy: netsim.c between two namespaces. */

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ENV, within } from '../network/namespaces.ts'
import { remembered } from './belongings.ts'

/** What a line is like, the same in both directions. */
export interface Line {
  readonly mbit: number
  /** Round trip in ms. */
  readonly rtt: number
  /** Percent of the packets, in bursts of so many in the mean. */
  readonly loss: number
  readonly burst: number
}

/** The nine rungs, from a good Wi-Fi to what is left of a line in a tunnel. */
export const LADDER: readonly Line[] = [
  { mbit: 100, rtt: 16, loss: 0.1, burst: 1 },
  { mbit: 25, rtt: 40, loss: 1, burst: 6 },
  { mbit: 8, rtt: 90, loss: 2, burst: 8 },
  { mbit: 3, rtt: 200, loss: 3, burst: 10 },
  { mbit: 1.5, rtt: 300, loss: 5, burst: 12 },
  { mbit: 0.8, rtt: 450, loss: 8, burst: 20 },
  { mbit: 25, rtt: 600, loss: 1.5, burst: 6 },
  { mbit: 0.5, rtt: 450, loss: 12, burst: 25 },
  { mbit: 0.256, rtt: 800, loss: 25, burst: 40 },
]

/** A program that carries frames between two interfaces. */
export interface CarriedLine {
  set(line: Line): Promise<void>
  stop(): Promise<void>
}

const COMPILER = 'cc'

/** Why no line can be carried here, as an addition to a name; empty when one can. */
export const compilerMissing: string =
  spawnSync(COMPILER, ['--version']).status === 0 ? '' : ' (not run: no C compiler here)'

/** Makes lines; its folder goes with it. */
export interface Lines extends AsyncDisposable {
  /** Carries what comes in at `one` to `other` and back; both are interfaces of a namespace. */
  carry(namespace: string, one: string, other: string): Promise<CarriedLine>
  /** Makes an interface hand over packets as they would go over a cable. */
  plain(namespace: string, device: string): Promise<void>
}

/** Losses are the same at every run of the same traffic. */
const SEED = '1'
const GOOD: Line = { mbit: 0, rtt: 0, loss: 0, burst: 1 }

/** Compiles the program. */
export async function createLines(): Promise<Lines> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-lines-'))
  const program = join(folder, 'netsim')
  const source = fileURLToPath(new URL('netsim.c', import.meta.url))
  await promisify(execFile)(COMPILER, ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source])
  let count = 0
  return remembered({
    plain: async (namespace, device) => {
      const [command, words] = within(namespace, program, 'plain', device)
      await promisify(execFile)(command, words, { env: ENV })
    },
    carry: async (namespace, one, other) => {
      const control = join(folder, `line-${++count}`)
      await writeFile(control, controlOf(GOOD))
      const [command, words] = within(namespace, program, 'line', one, other, control, SEED)
      const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'], env: ENV })
      await once(child.stdout, 'data')
      return {
        set: async (line) => {
          await writeFile(control, controlOf(line))
          child.kill('SIGHUP')
        },
        stop: () => end(child),
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  })
}

/** As netsim.c reads it: kbit/s, ms of one way, jitter, loss, burst. */
function controlOf({ mbit, rtt, loss, burst }: Line): string {
  return `${mbit * 1000} ${rtt / 2} 0 ${loss} ${burst}\n`
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
