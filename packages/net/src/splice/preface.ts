/**
 * The first bytes of a socket that is to be spliced (rules RLY-51, RLY-52). On TCP they tell it from a connection of
 * libp2p, which begins with the length of its first line of multistream-select, 0x13: so both share one port.
 */

/** Bytes of a ticket: nobody guesses 256 random bits in the seconds that it is good for. */
export const TICKET_BYTES = 32

/** What a TCP socket says before its ticket. */
const MAGIC: Uint8Array = new TextEncoder().encode('KITH-SPLICE/1\n')

/** The first byte of it, by which a listener tells it from libp2p's. */
export const SPLICE_FIRST_BYTE = 0x4b

/** Bytes of the whole preface of a TCP socket. */
export const PREFACE_BYTES: number = MAGIC.byteLength + TICKET_BYTES

/** The path of a WebSocket to be spliced; its first message is the ticket alone. */
export const SPLICE_PATH = '/kith/splice/1'

/** What a relay sends when both sockets are there; everything behind it is the other end's. */
export const JOINED: Uint8Array = Uint8Array.of(0x01)

/** The preface of a TCP socket. */
export function prefaceOf(ticket: Uint8Array): Uint8Array {
  return Uint8Array.from([...MAGIC, ...ticket])
}

/** The ticket in {@link PREFACE_BYTES} bytes; undefined when they are no preface. */
export function ticketOf(preface: Uint8Array): Uint8Array | undefined {
  if (preface.byteLength !== PREFACE_BYTES) return undefined
  if (MAGIC.some((byte, index) => preface[index] !== byte)) return undefined
  return preface.subarray(MAGIC.byteLength)
}
