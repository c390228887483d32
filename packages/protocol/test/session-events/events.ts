/** What may happen to two devices that talk, drawn from a seed. */

import { pick, type Random } from '../log-model/random.ts'

export type Name = 'ada' | 'ben'

/** `at` chooses among what is on the way, by its remainder. */
export type SessionEvent =
  | { readonly kind: 'say'; readonly by: Name }
  /** Several messages there and back, with nothing lost: turns, by which post-quantum offers come due. */
  | { readonly kind: 'talk'; readonly exchanges: number }
  /** What stands first for a device, or anything for anybody. */
  | { readonly kind: 'receive'; readonly by: Name }
  | { readonly kind: 'receive any' | 'drop' | 'repeat'; readonly at: number }
  | { readonly kind: 'shuffle' }
  /** The whole disk of a device is copied, or put back to the last copy. */
  | { readonly kind: 'snapshot' | 'restore'; readonly by: Name }
  /** The process ends, and starts again from the bytes on its disk. */
  | { readonly kind: 'restart'; readonly by: Name }
  /** A new session, the others are kept; from a card made for it, or from the one that is known. */
  | { readonly kind: 'archive'; readonly by: Name; readonly live: boolean }
  /** The streams break; the next ones begin with the cards and all that waits (DEL-3). */
  | { readonly kind: 'reconnect' }
  /** The clocks of both go forward; far: by weeks, over the life of cards that were taken. */
  | { readonly kind: 'leap' | 'leap far'; readonly ms: number }

type Kind = SessionEvent['kind']

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How often each kind comes in schedules of one mood. */
type Mood = Readonly<Record<Kind, number>>

const CALM: Mood = {
  say: 8,
  talk: 3,
  receive: 10,
  'receive any': 2,
  drop: 1,
  repeat: 1,
  shuffle: 1,
  snapshot: 0,
  restore: 0,
  restart: 1,
  archive: 0,
  reconnect: 1,
  leap: 1,
  'leap far': 0,
}
/** A bad line, on which nobody loses its state: whatever arrives has to open. */
const LOSSY: Mood = { ...CALM, 'receive any': 6, drop: 5, repeat: 4, shuffle: 3, leap: 2 }
const MOODS: readonly Mood[] = [
  CALM,
  LOSSY,
  { ...LOSSY, archive: 1 },
  { ...CALM, snapshot: 2, restore: 2, archive: 1 },
  { ...LOSSY, snapshot: 3, restore: 3, archive: 2, restart: 2 },
  { ...CALM, leap: 6, snapshot: 1, restore: 1, archive: 3, reconnect: 3 },
  // A device is put back to a copy whose cards count from earlier numbers, while its peer's expire (SES-19).
  { ...CALM, talk: 1, 'leap far': 8, snapshot: 3, restore: 7, archive: 2, reconnect: 9 },
  // Sessions come and go faster than what began them is forgotten (SES-7).
  { ...CALM, say: 14, receive: 16, archive: 14, repeat: 14 },
]

/** One schedule; the same seed draws the same. */
export function drawSchedule(random: Random): readonly SessionEvent[] {
  const mood = pick(random, MOODS)
  const kinds = Object.keys(mood).flatMap((kind) => Array(mood[kind as Kind]).fill(kind as Kind))
  const length = 10 + random(50)
  return Array.from({ length }, () => drawEvent(pick<Kind>(random, kinds), random))
}

function drawEvent(kind: Kind, random: Random): SessionEvent {
  const by = pick<Name>(random, ['ada', 'ben'])
  const at = random(1000)
  switch (kind) {
    case 'talk':
      return { kind, exchanges: 1 + random(7) }
    case 'receive any':
    case 'drop':
    case 'repeat':
      return { kind, at }
    case 'shuffle':
    case 'reconnect':
      return { kind }
    case 'archive':
      return { kind, by, live: random(2) === 0 }
    case 'leap':
      return { kind, ms: drawLeap(random) }
    case 'leap far':
      return { kind, ms: (7 + random(36)) * DAY_MS }
    default:
      return { kind, by }
  }
}

/** Minutes, hours, or days: over the life of a one-time card, of an offer, of a card and its secrets. */
function drawLeap(random: Random): number {
  switch (random(3)) {
    case 0:
      return (1 + random(90)) * MINUTE_MS
    case 1:
      return (1 + random(47)) * HOUR_MS
    default:
      return (1 + random(16)) * DAY_MS
  }
}
