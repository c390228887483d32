import type { NetProtocol } from '@kithmesh/net'
import { MAX_COPY_BYTES, MAX_LINK_FRAME_BYTES, MAX_RELAY_FRAME_BYTES } from '@kithmesh/protocol'

const KIB = 1024

/** Freshness: who I am, which device logs I hold, my card, where I am. A device log may take 1 MiB. */
export const HELLO: NetProtocol = {
  id: '/kith/hello/1',
  maxFrameBytes: 1280 * KIB,
  maxStreamsPerPeer: 4,
}

/** Linking a device; its largest frame carries the sealed account data. */
export const LINK: NetProtocol = {
  id: '/kith/link/1',
  maxFrameBytes: MAX_LINK_FRAME_BYTES,
  maxStreamsPerPeer: 2,
}

/** Linking by the code an existing device shows: the new device dials. */
export const JOIN: NetProtocol = { ...LINK, id: '/kith/join/1' }

/** Linking what waits on the local network: says what it is to whoever looks, then goes on as linking. */
export const NEARBY: NetProtocol = { ...LINK, id: '/kith/nearby/1' }

/** Adding a contact by invite code; carries a device log and up to 8 cards. */
export const CONTACT: NetProtocol = {
  id: '/kith/contact/1',
  maxFrameBytes: MAX_LINK_FRAME_BYTES,
  maxStreamsPerPeer: 2,
}

/** Envelopes between two accounts; one frame is one envelope or a list of ids. */
export const MESSAGE: NetProtocol = {
  id: '/kith/message/1',
  maxFrameBytes: 320 * KIB,
  maxStreamsPerPeer: 4,
}

/** Asking a contact's device for messages that are missing; a frame is some thousand runs of numbers. */
export const REPAIR: NetProtocol = {
  id: '/kith/repair/1',
  maxFrameBytes: 256 * KIB,
  maxStreamsPerPeer: 2,
}

/** Recovery copies to contacts, and back to who proves the root key; the largest frame is a copy. */
export const RECOVERY: NetProtocol = {
  id: '/kith/recovery/1',
  maxFrameBytes: MAX_COPY_BYTES + 64 * KIB,
  maxStreamsPerPeer: 2,
}

/** The account log between siblings. */
export const SYNC: NetProtocol = {
  id: '/kith/sync/1',
  maxFrameBytes: 2048 * KIB,
  maxStreamsPerPeer: 4,
}

/** Showing a relay of one's own who is in the account, and claiming it. */
export const RELAY: NetProtocol = {
  id: '/kith/relay/1',
  maxFrameBytes: MAX_RELAY_FRAME_BYTES,
  maxStreamsPerPeer: 2,
}
