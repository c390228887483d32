import { createHmac } from 'node:crypto'
import type { Clock } from './environment.ts'
import { TAG_BYTES } from './lan-announcement.ts'
import type { PeerIdText } from './net.ts'

/** A tag stands this long, so that a device cannot be followed by it from day to day (rule NET-41). */
const WINDOW_MS = 10 * 60 * 1_000

/** Which kept peer a tag belongs to; clocks may be apart by up to a window. */
export interface LanTags {
  own(): Uint8Array
  peerOf(tag: Uint8Array): PeerIdText | undefined
  /** The kept peers are others than before. */
  renew(): void
}

/** Makes the tags of one device and of those it keeps. */
export function createLanTags(
  self: PeerIdText,
  kept: () => ReadonlySet<PeerIdText>,
  clock: Pick<Clock, 'now'>,
): LanTags {
  let peersByTag = new Map<string, PeerIdText>()
  let madeFor: number | undefined

  const windowNow = (): number => Math.floor(clock.now() / WINDOW_MS)
  const table = (): Map<string, PeerIdText> => {
    const window = windowNow()
    if (madeFor === window) return peersByTag
    madeFor = window
    peersByTag = new Map(
      [...kept()].flatMap((peer) =>
        [window - 1, window, window + 1].map((one) => [textOf(tagOf(peer, one)), peer] as const),
      ),
    )
    return peersByTag
  }
  return {
    own: () => tagOf(self, windowNow()),
    peerOf: (tag) => table().get(textOf(tag)),
    renew: () => {
      madeFor = undefined
    },
  }
}

/** HMAC-SHA-256 with the peer id as key over the number of the window, its first 16 bytes. */
export function tagOf(peer: PeerIdText, window: number): Uint8Array {
  const count = Buffer.alloc(8)
  count.writeBigUInt64BE(BigInt(window))
  const mac = createHmac('sha256', `kith/v1/lan-tag\0${peer}`).update(count).digest()
  return Uint8Array.from(mac.subarray(0, TAG_BYTES))
}

function textOf(tag: Uint8Array): string {
  return Buffer.from(tag).toString('hex')
}
