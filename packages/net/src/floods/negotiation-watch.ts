import { methodOf } from '../transports/method-of.ts'
import { FloodError } from './flood-error.ts'

/**
 * Follows one side of a multistream negotiation (https://github.com/multiformats/multistream-select), only to see that
 * it is one (rule NET-81). libp2p's reader waits for a length to end however long it gets, and looks at all of it for
 * each byte that comes: 8 MiB of 0xff stopped everything for five seconds.
 */
export interface NegotiationWatch {
  /** Bytes that came. False once nothing more has to be watched. @throws FloodError */
  came(bytes: Uint8Array): boolean
}

/** A name of a protocol is shorter (libp2p's own limit). */
const MAX_MESSAGE_BYTES = 1024
/** Names a peer may propose on one stream until we agree on one; each is answered. */
const MAX_PROPOSALS = 32
const MULTISTREAM = '/multistream/1.0.0'

/** A watch of a stream on which nothing came yet; `settles` says whether a message ends the negotiation. */
export function createNegotiationWatch(settles: (protocol: string) => boolean): NegotiationWatch {
  let held = new Uint8Array(0)
  let proposals = 0
  const takeMessage = (): string | undefined => {
    const length = lengthOf(held)
    if (length === undefined || held.length < length.end + length.value) return undefined
    const end = length.end + length.value
    const message = new TextDecoder().decode(held.subarray(length.end, end)).trimEnd()
    held = held.slice(end)
    return message
  }
  return {
    came(bytes) {
      held = joined(held, bytes)
      for (let message = takeMessage(); message !== undefined; message = takeMessage()) {
        if (message !== MULTISTREAM && settles(message)) return false
        proposals += 1
        if (proposals > MAX_PROPOSALS) throw new FloodError('too many proposals of a protocol')
      }
      return true
    },
  }
}

/** What came may be a window full of a protocol's own bytes behind its name: only the front is looked at. */
function joined(held: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(held.length + bytes.length)
  whole.set(held)
  whole.set(bytes, held.length)
  return whole
}

/** The varint in front of a message: two bytes are enough for the longest. */
function lengthOf(bytes: Uint8Array): { readonly value: number; readonly end: number } | undefined {
  const [first, second] = bytes
  if (first === undefined) return undefined
  if (first < 0x80) return { value: first, end: 1 }
  if (second === undefined) return undefined
  const value = (first & 0x7f) + second * 0x80
  if (second >= 0x80 || value > MAX_MESSAGE_BYTES) throw new FloodError('a length beyond any name')
  return { value, end: 2 }
}

/**
 * For negotiations of libp2p that take options: reads a length as libp2p does, and refuses one that does
 * not end. @throws FloodError; RangeError while it is not whole, for which libp2p reads on
 */
const STRICT = {
  lengthDecoder(bytes: { get(index: number): number; readonly byteLength: number }): number {
    const front = Uint8Array.from({ length: bytes.byteLength }, (_, at) => bytes.get(at))
    const length = lengthOf(front)
    if (length === undefined) throw new RangeError('more of the length has to come')
    return length.value
  },
} as const

/** The same for what comes before there are streams: every handshake, of every transport. */
export function refuseEndlessLengths(upgrader: object): void {
  for (const name of ['upgradeInbound', 'upgradeOutbound']) {
    const upgrade = methodOf(upgrader, name, 'libp2p')
    Reflect.set(upgrader, name, (connection: unknown, options: object) =>
      Reflect.apply(upgrade, upgrader, [connection, { ...options, ...STRICT }]),
    )
  }
}
