/** What `npm run sim` is asked for. */

import { parseArgs } from 'node:util'
import type { Wishes } from './story/plan.ts'

/** One call of the simulator. */
export interface Request {
  /** The first and the last seed. */
  readonly from: number
  readonly to: number
  readonly wishes: Wishes
  /** Numbers of the steps that are done; all when it is missing. */
  readonly only?: readonly number[]
  readonly workers: number
  /** Print every event. */
  readonly trace: boolean
  readonly json: boolean
  /** End at the first seed that goes wrong. */
  readonly first: boolean
  /** Look for the shortest story of what went wrong. */
  readonly shrink: boolean
}

/** What `npm run sim -- --help` prints. */
export const USAGE = `npm run sim [-- options]

Real devices in a simulated world: clocks, timers, randomness, network and disks follow from the seed.

  --seeds A..B       worlds to run (default 0..19, fewer with many devices)
  --devices N        devices in each world (default: by the seed, 2 to 8)
  --accounts N       accounts they belong to (default: by the seed, 1 to 3)
  --steps N          what is done in each world, messages and mishaps (default: by the seed, 10 to 30)
  --partition TIME   how long each partition lasts, such as 60s, 500ms or 10m; 0 for none
  --loss PERCENT     frames that are lost and sent again, such as 30%
  --only 3,7,9       only these steps, as a failure names them
  --workers N        processes (default 2)
  --trace            every event of every world, as it happens (one process)
  --first            end at the first world that goes wrong
  --no-shrink        tell failures as they are, not their shortest stories
  --json             one JSON object for each world, then one for all
  --help

Ends with 1 when an invariant does not hold. The same seed, options and sources give the same trace.`

/** A request, or what is wrong with the words. */
export type Read =
  | { readonly kind: 'run'; readonly request: Request }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly reason: string }

/** Reads the command line; a mistake is told in words. */
export function readRequest(words: readonly string[]): Read {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        seeds: { type: 'string' },
        devices: { type: 'string' },
        accounts: { type: 'string' },
        steps: { type: 'string' },
        partition: { type: 'string' },
        loss: { type: 'string' },
        only: { type: 'string' },
        workers: { type: 'string', default: '2' },
        trace: { type: 'boolean', default: false },
        first: { type: 'boolean', default: false },
        'no-shrink': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    const wishes: Wishes = {
      ...wish('devices', values.devices, (text) => count(text, 16)),
      ...wish('accounts', values.accounts, (text) => count(text, 8)),
      ...wish('steps', values.steps, (text) => count(text, 10_000)),
      ...wish('partition', values.partition, msOf),
      ...wish('loss', values.loss, shareOf),
    }
    checkShape(wishes)
    const [from, to] = seedsOf(values.seeds ?? `0..${usualWorlds(wishes) - 1}`)
    return {
      kind: 'run',
      request: {
        from,
        to,
        wishes,
        ...wish('only', values.only, (text) => text.split(',').map((one) => count(one, 1e6, 0))),
        workers: values.trace ? 1 : count(values.workers, 64),
        trace: values.trace,
        json: values.json,
        first: values.first,
        shrink: !values['no-shrink'],
      },
    }
  } catch (error) {
    return { kind: 'mistake', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** The options that make the same worlds again. */
export function wordsOf({ devices, accounts, steps, partition, loss }: Wishes): readonly string[] {
  return [
    ...(devices === undefined ? [] : ['--devices', String(devices)]),
    ...(accounts === undefined ? [] : ['--accounts', String(accounts)]),
    ...(steps === undefined ? [] : ['--steps', String(steps)]),
    ...(partition === undefined ? [] : ['--partition', `${partition}ms`]),
    ...(loss === undefined ? [] : ['--loss', `${loss * 100}%`]),
  ]
}

function wish<K extends string, T>(
  key: K,
  text: string | undefined,
  read: (text: string) => T,
): { readonly [P in K]?: T } {
  const found: { [P in K]?: T } = {}
  if (text !== undefined) found[key] = read(text)
  return found
}

/** Some half a minute of two cores: what a world costs goes with the square of its devices. */
function usualWorlds({ devices = 4 }: Wishes): number {
  return Math.min(20, Math.max(2, Math.ceil(1_000 / devices ** 2)))
}

function seedsOf(text: string): readonly [from: number, to: number] {
  const [, from = '', to = from] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? []
  if (from === '' || Number(from) > Number(to)) throw new Error(`seeds are 0..99, not ${text}`)
  return [Number(from), Number(to)]
}

function count(text: string, most: number, least = 1): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw new Error(`a number from ${least} to ${most}, not ${text}`)
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

function msOf(text: string): number {
  const [, number, unit = 'ms'] = /^(\d+)(ms|s|m|h)?$/.exec(text) ?? []
  if (number === undefined) throw new Error(`a time is 60s, 500ms or 10m, not ${text}`)
  return Number(number) * UNITS[unit === 's' || unit === 'm' || unit === 'h' ? unit : 'ms']
}

function shareOf(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%?$/.exec(text) ?? []
  if (number === undefined || Number(number) > 90) throw new Error(`a loss is 30%, not ${text}`)
  return Number(number) / 100
}

/** An account has at most 8 devices (LOG-11). */
function checkShape({ devices, accounts }: Wishes): void {
  if (devices !== undefined && accounts !== undefined && devices < accounts) {
    throw new Error('every account needs a device')
  }
  if (devices !== undefined && devices > 8 * (accounts ?? 2)) {
    throw new Error('an account has at most 8 devices')
  }
}
