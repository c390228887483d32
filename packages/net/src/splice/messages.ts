/**
 * What devices and a relay say to each other before two sockets are spliced (rule RLY-50). Written as the messages of
 * circuit relay v2 are, so that one reader of protocol buffers does for both:
 *
 * ```proto
 * message Splice {
 *   enum Type { CONNECT = 0; INVITE = 1; STATUS = 2; }
 *   required Type type = 1;
 *   optional bytes peer = 2;      // CONNECT: who is dialled. INVITE: who dials.
 *   optional bytes ticket = 3;    // INVITE, STATUS of a relay that agrees
 *   repeated bytes addrs = 4;     // beside a ticket: where it may be presented
 *   optional uint32 status = 5;   // STATUS: a status of circuit relay v2
 * }
 * ```
 */
import {
  type CircuitCodec,
  type CircuitStatus,
  isPeerMultihash,
  MAX_RELAY_ADDRESSES,
} from '../circuit/messages.ts'
import {
  allBytesOf,
  bytesOf,
  decodeFields,
  encodeFields,
  numberOf,
  type WireField,
} from '../circuit/protobuf.ts'
import { NetError } from '../errors.ts'
import { TICKET_BYTES } from './preface.ts'

/** Opened by a device that dials to the relay, and by the relay to the device that is dialled. */
export const SPLICE_PROTOCOL = '/kith/splice/1'

/** One use of one end of one splice. */
export interface SpliceTicket {
  /** {@link TICKET_BYTES} random bytes. */
  readonly ticket: Uint8Array
  /** Binary multiaddrs of the relay at which it may be presented. */
  readonly addresses: readonly Uint8Array[]
}

/** What is said on {@link SPLICE_PROTOCOL}; peers stand as the bytes of their multihash. */
export type SpliceMessage =
  | { readonly kind: 'connect'; readonly peer: Uint8Array }
  | ({ readonly kind: 'invite'; readonly peer: Uint8Array } & SpliceTicket)
  | { readonly kind: 'status'; readonly status: number; readonly granted?: SpliceTicket }

/** Messages on {@link SPLICE_PROTOCOL}. */
export const spliceMessageCodec: CircuitCodec<SpliceMessage> = { encode, decode }

const FIELD = { type: 1, peer: 2, ticket: 3, address: 4, status: 5 } as const
const TYPE = { connect: 0n, invite: 1n, status: 2n } as const

function encode(message: SpliceMessage): Uint8Array {
  switch (message.kind) {
    case 'connect':
      return encodeFields([
        { field: FIELD.type, value: TYPE.connect },
        { field: FIELD.peer, value: message.peer },
      ])
    case 'invite':
      return encodeFields([
        { field: FIELD.type, value: TYPE.invite },
        { field: FIELD.peer, value: message.peer },
        ...encodeTicket(message),
      ])
    case 'status':
      return encodeFields([
        { field: FIELD.type, value: TYPE.status },
        ...(message.granted === undefined ? [] : encodeTicket(message.granted)),
        { field: FIELD.status, value: BigInt(message.status) },
      ])
  }
}

function encodeTicket({ ticket, addresses }: SpliceTicket): readonly WireField[] {
  return [
    { field: FIELD.ticket, value: ticket },
    ...addresses.map((value) => ({ field: FIELD.address, value })),
  ]
}

function decode(bytes: Uint8Array): SpliceMessage {
  const fields = decodeFields(bytes)
  switch (numberOf(fields, FIELD.type)) {
    case TYPE.connect:
      return { kind: 'connect', peer: decodePeer(fields) }
    case TYPE.invite: {
      const granted = decodeTicket(fields)
      if (granted === undefined) throw malformed('no ticket')
      return { kind: 'invite', peer: decodePeer(fields), ...granted }
    }
    case TYPE.status: {
      const status = numberOf(fields, FIELD.status)
      if (status === undefined) throw malformed('no status')
      const granted = decodeTicket(fields)
      return {
        kind: 'status',
        status: Number(status),
        ...(granted === undefined ? {} : { granted }),
      }
    }
    default:
      throw malformed('no known type')
  }
}

function decodePeer(fields: readonly WireField[]): Uint8Array {
  const peer = bytesOf(fields, FIELD.peer)
  if (peer === undefined || !isPeerMultihash(peer)) throw malformed('no peer')
  return peer
}

function decodeTicket(fields: readonly WireField[]): SpliceTicket | undefined {
  const ticket = bytesOf(fields, FIELD.ticket)
  if (ticket === undefined) return undefined
  if (ticket.byteLength !== TICKET_BYTES) throw malformed(`a ticket of ${ticket.byteLength} bytes`)
  return { ticket, addresses: allBytesOf(fields, FIELD.address).slice(0, MAX_RELAY_ADDRESSES) }
}

/** A status without a ticket. */
export function spliceStatus(status: CircuitStatus): Uint8Array {
  return encode({ kind: 'status', status })
}

function malformed(found: string): NetError {
  return new NetError('ERR_FRAME_MALFORMED', `A splice message with ${found}`)
}
