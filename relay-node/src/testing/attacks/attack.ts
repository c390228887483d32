import { type FrameFlood, floodFrames, isFrameFlood } from './frames.ts'
import { askForPlaces } from './identities.ts'
import { holdSockets, isSocketAttack, type SocketAttack } from './sockets.ts'

/**
 * One attacker, a process of its own: `attack.ts KIND COUNT ADDRESS…`. Says `attacking` on stdout when it is at its
 * full size, `over` where it comes to an end, goes on until it is told to stop, and then says what it got.
 */
export type AttackKind = SocketAttack | FrameFlood | 'identities'

/** What an attack is made of. */
export interface Attack {
  /** Resolves when it is at its full size. */
  readonly full: Promise<void>
  /** Resolves when it has done all there is to do; without it it goes on for ever. */
  readonly over?: Promise<void>
  /** What it got, for the report. */
  result(): Readonly<Record<string, unknown>>
}

/** Where it goes to, and how large it is. */
export interface AttackOptions {
  readonly count: number
  /** Multiaddrs of the relay, with `/p2p/…`. */
  readonly addresses: readonly string[]
}

function begin(kind: string, options: AttackOptions): Attack {
  if (isSocketAttack(kind)) return holdSockets(kind, options)
  if (isFrameFlood(kind)) return floodFrames(kind, options)
  if (kind === 'identities') return askForPlaces(options)
  throw new Error(`No attack of the kind ${kind}`)
}

const [kind = '', count = '0', ...addresses] = process.argv.slice(2)
// What it does to others fails in every way there is, and is no news.
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})
const attack = begin(kind, { count: Number(count), addresses })
const say = (event: string): void => {
  process.stdout.write(`${JSON.stringify({ event, ...attack.result() })}\n`)
}
process.once('SIGTERM', () => {
  say('result')
  process.exit(0)
})
await attack.full
say('attacking')
await attack.over
if (attack.over !== undefined) say('over')
