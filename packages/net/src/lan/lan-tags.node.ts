import { createHmac } from 'node:crypto'
import type { Clock } from '../environment.ts'
import type { PeerIdText } from '../net.ts'
import { type LanAnnouncement, TAG_BYTES } from './lan-announcement.ts'

/** A tag stands this long, so that a device cannot be followed by it from day to day (rule NET-41). */
const WINDOW_MS = 10 * 60 * 1_000

/** Ports of a device on this network, 0 for none. */
export type LanPorts = Omit<LanAnnouncement, 'tag'>

/** Which kept peer a tag belongs to; clocks may be apart by up to a window. */
export interface LanTags {
  /** What this device says now, for those who know it. */
  announcementOf(ports: LanPorts): LanAnnouncement
  /** Who says that, and the ports it means; undefined when it is nobody we keep. */
  read(announcement: LanAnnouncement): (LanPorts & { readonly peer: PeerIdText }) | undefined
  /** The kept peers are others than before. */
  renew(): void
}

/** Makes the tags of one device and of those it keeps. */
export function createLanTags(
  self: PeerIdText,
  kept: () => ReadonlySet<PeerIdText>,
  clock: Pick<Clock, 'now'>,
): LanTags {
  let sendersByTag = new Map<string, Sender>()
  let madeFor: number | undefined

  const windowNow = (): number => Math.floor(clock.now() / WINDOW_MS)
  const table = (): Map<string, Sender> => {
    const window = windowNow()
    if (madeFor === window) return sendersByTag
    madeFor = window
    sendersByTag = new Map(
      [...kept()].flatMap((peer) =>
        [window - 1, window, window + 1].map((one) => {
          const sender = { peer, window: one }
          return [textOf(tagOf(sender)), sender] as const
        }),
      ),
    )
    return sendersByTag
  }
  return {
    announcementOf: (ports) => announcementBy({ peer: self, window: windowNow() }, ports),
    read: (announcement) => {
      const sender = table().get(textOf(announcement.tag))
      return sender && { peer: sender.peer, ...masked(announcement, macOf(sender)) }
    },
    renew: () => {
      madeFor = undefined
    },
  }
}

/** Whose announcement it is, and of which window. */
export interface Sender {
  readonly peer: PeerIdText
  readonly window: number
}

/** The ports are hidden as the tag is: they stay the same for weeks, and a device could be followed by them. */
export function announcementBy(sender: Sender, ports: LanPorts): LanAnnouncement {
  return { tag: tagOf(sender), ...masked(ports, macOf(sender)) }
}

function tagOf(sender: Sender): Uint8Array {
  return Uint8Array.from(macOf(sender).subarray(0, TAG_BYTES))
}

/** HMAC-SHA-256 with the peer id as key over the number of the window: 16 bytes of tag, then four for the ports. */
function macOf({ peer, window }: Sender): Buffer {
  const count = Buffer.alloc(8)
  count.writeBigUInt64BE(BigInt(window))
  return createHmac('sha256', `kith/v1/lan-tag\0${peer}`).update(count).digest()
}

/** Hides ports, and reads them again. */
function masked({ tcp, ws }: LanPorts, mac: Buffer): LanPorts {
  return { tcp: tcp ^ mac.readUInt16BE(TAG_BYTES), ws: ws ^ mac.readUInt16BE(TAG_BYTES + 2) }
}

function textOf(tag: Uint8Array): string {
  return Buffer.from(tag).toString('hex')
}
