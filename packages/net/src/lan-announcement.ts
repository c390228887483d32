import { NetError } from './errors.ts'

/** What a device says of itself on the local network (rule NET-40). */
export interface LanAnnouncement {
  /** 16 bytes that only those who know the peer id can recognise. */
  readonly tag: Uint8Array
  /** TCP port libp2p is answered at, 0 for none. */
  readonly tcp: number
  /** TCP port of WebSocket, 0 for none. */
  readonly ws: number
}

/** `KITH`, then the version of this format. */
const HEAD = Uint8Array.of(0x4b, 0x49, 0x54, 0x48, 0x01)

/** Long enough that strangers do not guess one in the lifetime of a window. */
export const TAG_BYTES = 16

/** Every announcement has exactly this many bytes. */
export const ANNOUNCEMENT_BYTES: number = HEAD.byteLength + TAG_BYTES + 4

/** The {@link ANNOUNCEMENT_BYTES} bytes of an announcement. */
export function encodeAnnouncement({ tag, tcp, ws }: LanAnnouncement): Uint8Array {
  const bytes = new Uint8Array(ANNOUNCEMENT_BYTES)
  bytes.set(HEAD)
  bytes.set(tag, HEAD.byteLength)
  const ports = new DataView(bytes.buffer, HEAD.byteLength + TAG_BYTES)
  ports.setUint16(0, tcp)
  ports.setUint16(2, ws)
  return bytes
}

/** @throws ERR_FRAME_MALFORMED on anything else, of any other length */
export function decodeAnnouncement(bytes: Uint8Array): LanAnnouncement {
  const isOurs =
    bytes.byteLength === ANNOUNCEMENT_BYTES && HEAD.every((byte, index) => bytes[index] === byte)
  if (!isOurs) throw new NetError('ERR_FRAME_MALFORMED', 'Not an announcement of this version')
  const at = HEAD.byteLength + TAG_BYTES
  const ports = new DataView(bytes.buffer, bytes.byteOffset + at, 4)
  return {
    tag: bytes.slice(HEAD.byteLength, at),
    tcp: ports.getUint16(0),
    ws: ports.getUint16(2),
  }
}
