import { NetError } from '../errors.ts'

/** What a device says of itself on the local network (rule NET-40). */
export interface LanAnnouncement {
  /** 16 bytes that only those who know the peer id can recognise. */
  readonly tag: Uint8Array
  /** TCP port libp2p is answered at, 0 for none; on the wire hidden from those who do not know the tag. */
  readonly tcp: number
  /** TCP port of WebSocket, 0 for none. */
  readonly ws: number
}

/** `KITH`, then the kind of announcement: 1 for those who know the peer id, 2 for everybody. */
const HEAD = Uint8Array.of(0x4b, 0x49, 0x54, 0x48, 0x01)
const WAITING_HEAD = Uint8Array.of(0x4b, 0x49, 0x54, 0x48, 0x02)

/** Long enough that strangers do not guess one in the lifetime of a window. */
export const TAG_BYTES = 16

/** Every announcement has exactly this many bytes. */
export const ANNOUNCEMENT_BYTES: number = HEAD.byteLength + TAG_BYTES + 4

/** What a device says that waits to be linked: who it is, for everybody to read (rule NET-47). */
export interface WaitingAnnouncement {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** As in a {@link LanAnnouncement}. */
  readonly tcp: number
  readonly ws: number
}

const KEY_BYTES = 32

/** Every announcement of a device that waits has exactly this many bytes. */
export const WAITING_BYTES: number = WAITING_HEAD.byteLength + KEY_BYTES + 4

/** The {@link ANNOUNCEMENT_BYTES} bytes of an announcement. */
export function encodeAnnouncement({ tag, tcp, ws }: LanAnnouncement): Uint8Array {
  return written({ head: HEAD, body: tag, tcp, ws })
}

/** The {@link WAITING_BYTES} bytes of an announcement of a device that waits. */
export function encodeWaiting({ publicKey, tcp, ws }: WaitingAnnouncement): Uint8Array {
  return written({ head: WAITING_HEAD, body: publicKey, tcp, ws })
}

/** @throws ERR_FRAME_MALFORMED on anything else, of any other length */
export function decodeAnnouncement(bytes: Uint8Array): LanAnnouncement {
  const { body, ...ports } = read(bytes, HEAD, TAG_BYTES)
  return { tag: body, ...ports }
}

/** @throws ERR_FRAME_MALFORMED on anything else, of any other length */
export function decodeWaiting(bytes: Uint8Array): WaitingAnnouncement {
  const { body, ...ports } = read(bytes, WAITING_HEAD, KEY_BYTES)
  return { publicKey: body, ...ports }
}

/** Whether these are the bytes of a device that waits, as far as their head says. */
export function isWaitingAnnouncement(bytes: Uint8Array): boolean {
  return startsWith(bytes, WAITING_HEAD)
}

interface Written {
  readonly head: Uint8Array
  readonly body: Uint8Array
  readonly tcp: number
  readonly ws: number
}

function written({ head, body, tcp, ws }: Written): Uint8Array {
  const bytes = new Uint8Array(head.byteLength + body.byteLength + 4)
  bytes.set(head)
  bytes.set(body, head.byteLength)
  const ports = new DataView(bytes.buffer, head.byteLength + body.byteLength)
  ports.setUint16(0, tcp)
  ports.setUint16(2, ws)
  return bytes
}

function read(bytes: Uint8Array, head: Uint8Array, bodyBytes: number): Omit<Written, 'head'> {
  const at = head.byteLength + bodyBytes
  if (bytes.byteLength !== at + 4 || !startsWith(bytes, head)) {
    throw new NetError('ERR_FRAME_MALFORMED', 'Not an announcement of this version')
  }
  const ports = new DataView(bytes.buffer, bytes.byteOffset + at, 4)
  return {
    body: bytes.slice(head.byteLength, at),
    tcp: ports.getUint16(0),
    ws: ports.getUint16(2),
  }
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return head.every((byte, index) => bytes[index] === byte)
}
