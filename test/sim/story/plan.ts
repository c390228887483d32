/** What happens in a run: decided from the seed before anything happens, so that steps can be left out. */

import type { Shape } from '../ground/cast.ts'
import { type Random, randomOf } from '../ground/random.ts'
import type { Weather } from '../network/weather.ts'

/** One thing that is done. Numbers choose among what is there when it is done. */
export type Deed =
  /** A message from a device to another account. */
  | { readonly do: 'send'; readonly device: number; readonly to: number }
  | { readonly do: 'star' | 'unstar'; readonly device: number; readonly which: number }
  | { readonly do: 'rename' | 'read'; readonly device: number; readonly which: number }
  /** A device loses its power and is never seen again. */
  | { readonly do: 'vanish'; readonly device: number }
  /** Devices in groups that do not reach each other, by the bits of `groups`. */
  | { readonly do: 'split'; readonly groups: number; readonly how: 'told' | 'silent' }
  | { readonly do: 'heal' }
  /** One connection breaks. */
  | {
      readonly do: 'cut'
      readonly device: number
      readonly other: number
      readonly how: 'told' | 'silent'
    }
  /** Power is lost; the device is on again after `ms`. */
  | { readonly do: 'crash' | 'restart'; readonly device: number; readonly ms: number }
  /** The clock of a device is set to go `ms` before the others. */
  | { readonly do: 'skew'; readonly device: number; readonly ms: number }
  /** The disk of a device takes nothing for `ms`. */
  | { readonly do: 'full'; readonly device: number; readonly ms: number }
  | { readonly do: 'link'; readonly account: number; readonly by: number }
  | {
      readonly do: 'unlink' | 'suspend' | 'readmit'
      readonly account: number
      readonly by: number
      readonly which: number
    }

/** A deed and its time, ms after the beginning. */
export interface Step {
  /** By which `--only` names it. */
  readonly number: number
  readonly at: number
  readonly deed: Deed
}

/** What a run is: who takes part, how network and disks behave, what is done. */
export interface Plan {
  readonly seed: number
  readonly shape: Shape
  readonly weather: Weather
  /** Longest time a write takes, ms, and how many reads take time. */
  readonly writeMs: number
  readonly slowReads: number
  /** Ms of deeds; then everybody is on, together, and quiet. */
  readonly lasts: number
  readonly steps: readonly Step[]
}

/** What a person may ask for; the seed chooses what is left out. */
export interface Wishes {
  readonly devices?: number
  readonly accounts?: number
  readonly steps?: number
  /** How long each partition lasts, ms; 0 for none. */
  readonly partition?: number
  /** Frames lost, 0 to 1. */
  readonly loss?: number
}

/** Devices by account, as often as they stand here. */
const SHAPES: readonly Shape[] = [
  ...times(8, [1, 1]),
  ...times(10, [2, 1]),
  ...times(10, [2, 2]),
  ...times(5, [3, 1]),
  ...times(3, [3, 2]),
  ...times(3, [2, 1, 1]),
  [4],
  [4, 4],
]
const MINUTE = 60_000
const HOUR = 60 * MINUTE

function times(count: number, shape: Shape): readonly Shape[] {
  return Array.from({ length: count }, () => shape)
}

/** The plan of a seed. */
export function planOf(seed: number, wishes: Wishes = {}): Plan {
  const random = randomOf('plan', seed)
  const shape = shapeOf(random, wishes)
  const lasts = random.pick([20_000, MINUTE, 5 * MINUTE, HOUR])
  const weather = weatherOf(random, wishes)
  const count = wishes.steps ?? 10 + random.below(21)
  const deeds: (readonly [at: number, deed: Deed])[] = []
  const partition = wishes.partition ?? random.pick([0, lasts / 10, lasts / 3])
  for (let step = 0; step < count; step++) {
    const at = random.below(lasts)
    deeds.push(...deedsAt(at, { random, shape, partition }))
  }
  if (wishes.partition) deeds.push(...splitFor(random.below(lasts / 2), { random, partition }))
  deeds.sort((a, b) => a[0] - b[0])
  const end = Math.max(lasts, ...deeds.map(([at]) => at))
  return {
    seed,
    shape,
    weather,
    writeMs: random.pick([0, 1, 5, 30]),
    slowReads: random.pick([0, 0, 0.2]),
    lasts: end,
    steps: deeds.map(([at, deed], number) => ({ number, at, deed })),
  }
}

/** The same plan with some of its steps only, by their numbers. */
export function planOfSteps(plan: Plan, only: ReadonlySet<number>): Plan {
  return { ...plan, steps: plan.steps.filter(({ number }) => only.has(number)) }
}

function shapeOf(random: Random, { devices, accounts }: Wishes): Shape {
  if (devices === undefined && accounts === undefined) return random.pick(SHAPES)
  const people = accounts ?? Math.max(2, Math.ceil((devices ?? 4) / 8))
  const total = Math.max(devices ?? 2 * people, people)
  return Array.from({ length: people }, (_, at) => Math.floor((total + people - 1 - at) / people))
}

function weatherOf(random: Random, { loss }: Wishes): Weather {
  const weather = random.pick<Weather>([
    { delay: [1, 5], loss: 0, resets: 0, twice: 0 },
    { delay: [1, 60], loss: 0.02, resets: 0, twice: 0.1 },
    { delay: [20, 400], loss: 0.1, resets: 0.002, twice: 0.3 },
    { delay: [1, 30], loss: 0.05, resets: 0.02, twice: 0.5 },
  ])
  return loss === undefined ? weather : { ...weather, loss }
}

interface Choice {
  readonly random: Random
  readonly shape: Shape
  readonly partition: number
}

type Dated = readonly [at: number, deed: Deed]

/** One deed, or a few that belong together; messages most of all. */
function deedsAt(at: number, choice: Choice): readonly Dated[] {
  const { random, shape, partition } = choice
  const device = random.below(64)
  const which = random.below(64)
  const account = random.below(shape.length)
  const how = random.pick(['told', 'silent'] as const)
  const kind = random.below(100)
  if (kind < 42) return burst(at, { do: 'send', device, to: which }, 1 + random.below(3))
  if (kind < 46) return [[at, { do: 'read', device, which }]]
  if (kind < 53) return stars(at, { device, which, count: 1 + random.below(3) })
  if (kind < 56) return [[at, { do: 'unstar', device, which }]]
  if (kind < 62) return [[at, { do: 'rename', device, which }]]
  if (kind < 70) return partition === 0 ? [] : splitFor(at, choice)
  if (kind < 76) return [[at, { do: 'cut', device, other: which, how }]]
  if (kind < 85) return [[at, { do: 'crash', device, ms: 10 + random.below(20_000) }]]
  if (kind < 90) return [[at, { do: 'restart', device, ms: 10 + random.below(20_000) }]]
  if (kind < 93) return [[at, { do: 'skew', device, ms: skewOf(random) }]]
  if (kind < 95) return [[at, { do: 'full', device, ms: 1 + random.below(10_000) }]]
  if (kind < 97) return [[at, { do: 'link', account, by: device }]]
  if (kind < 98) return [[at, { do: 'vanish', device }]]
  const deed = random.pick(['unlink', 'suspend', 'readmit'] as const)
  return [[at, { do: deed, account, by: device, which }]]
}

function burst(at: number, deed: Deed, count: number): readonly Dated[] {
  return Array.from({ length: count }, (_, place) => [at + place * 7, deed] as const)
}

/** Edits one right after the other: the next comes while the one before is written. */
function stars(
  at: number,
  {
    device,
    which,
    count,
  }: { readonly device: number; readonly which: number; readonly count: number },
): readonly Dated[] {
  return Array.from(
    { length: count },
    (_, place) => [at + place * 2, { do: 'star', device, which: which + place }] as const,
  )
}

function splitFor(
  at: number,
  { random, partition }: Pick<Choice, 'random' | 'partition'>,
): readonly Dated[] {
  const how = random.pick(['told', 'silent'] as const)
  return [
    [at, { do: 'split', groups: random.below(2 ** 24), how }],
    [at + partition, { do: 'heal' }],
  ]
}

/** Seconds mostly, sometimes hours; never so much that messages are refused for their date (DEL-7). */
function skewOf(random: Random): number {
  const most = random.pick([2_000, 5 * MINUTE, 10 * HOUR])
  return random.below(2 * most + 1) - most
}
