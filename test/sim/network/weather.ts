/** How the network behaves: what a run may choose, and who reaches whom at the moment. */

import type { PeerIdText } from '@kithmesh/net'
import type { Random } from '../ground/random.ts'

/** The network of one run. */
export interface Weather {
  /** Shortest and longest time a frame takes, ms. */
  readonly delay: readonly [number, number]
  /** How many frames are lost on their way and sent again by the transport, 0 to 1. */
  readonly loss: number
  /** How many frames find the connection broken. */
  readonly resets: number
  /** How often two devices that dial each other end with two connections. */
  readonly twice: number
}

/** After how long a transport sends again what was lost, ms: doubled for each loss in a row. */
const RESEND_MS = 200
/** Longest a dead connection looks alive from one end, ms (facts.md: a dead peer is noticed after some 12 s). */
const NOTICED_MS = 12_000

/** How long a frame is under way. */
export function delayOf({ delay: [least, most], loss }: Weather, random: Random): number {
  let ms = least + random.below(most - least + 1)
  for (let wait = RESEND_MS; loss > 0 && random.chance(loss) && wait < 10_000; wait *= 2) ms += wait
  return ms
}

/** How long one end takes to notice that the other is gone without a word. */
export function noticedAfter(random: Random): number {
  return random.below(NOTICED_MS)
}

/** Who is apart from whom. */
export interface Partition {
  /** Only peers of one group reach each other; peers in none are a group together. */
  split(groups: readonly (readonly PeerIdText[])[]): void
  areTogether(a: PeerIdText, b: PeerIdText): boolean
}

/** Everybody together, at first. */
export function createPartition(): Partition {
  const groupOf = new Map<PeerIdText, number>()
  return {
    split: (groups) => {
      groupOf.clear()
      for (const [index, group] of groups.entries()) {
        for (const peer of group) groupOf.set(peer, index)
      }
    },
    areTogether: (a, b) => groupOf.get(a) === groupOf.get(b),
  }
}
