/**
 * Messages of the circuit relay protocol, version 2, as both a device and a relay speak it
 * (https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md, "Protobuf").
 */
import { NetError } from '../errors.ts'
import {
  allBytesOf,
  bytesOf,
  decodeFields,
  encodeFields,
  numberOf,
  type WireField,
} from './protobuf.ts'

/** Protocol a device opens to a relay. */
export const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'
/** Protocol a relay opens to the device that is dialled. */
export const STOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/stop'

/** Largest message either way; go-libp2p reads no more either (rule RLY-2). */
export const MAX_CIRCUIT_MESSAGE_BYTES = 4_096

/** Addresses a relay may give itself in a reservation, or beside a ticket; more are dropped. */
export const MAX_RELAY_ADDRESSES = 32

/** Status codes of the specification. */
export const CIRCUIT_STATUS = {
  ok: 100,
  reservationRefused: 200,
  resourceLimitExceeded: 201,
  permissionDenied: 202,
  connectionFailed: 203,
  noReservation: 204,
  malformedMessage: 400,
  unexpectedMessage: 401,
} as const

/** A status of {@link CIRCUIT_STATUS}. */
export type CircuitStatus = (typeof CIRCUIT_STATUS)[keyof typeof CIRCUIT_STATUS]

/** What a relay limits a circuit to. */
export interface CircuitLimit {
  /** Seconds. */
  readonly duration?: number
  /** Bytes in each direction. */
  readonly data?: number
}

/** What a relay grants. */
export interface Reservation {
  /** Seconds since 1970 UTC. */
  readonly expire: number
  /** Binary multiaddrs of the relay. */
  readonly addresses: readonly Uint8Array[]
  /** Signed envelope in which the relay testifies to it; see `sealVoucher`. */
  readonly voucher?: Uint8Array
}

/** What a device and a relay say; peers stand as the bytes of their multihash. */
export type HopMessage =
  | { readonly kind: 'reserve' }
  | { readonly kind: 'connect'; readonly peer: Uint8Array }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly reservation?: Reservation
      readonly limit?: CircuitLimit
    }

/** What a relay and the dialled device say. */
export type StopMessage =
  | { readonly kind: 'connect'; readonly peer: Uint8Array; readonly limit?: CircuitLimit }
  | { readonly kind: 'status'; readonly status: number }

/** Messages ⇄ their protobuf bytes, without the length in front. */
export interface CircuitCodec<T> {
  encode(message: T): Uint8Array
  /** @throws ERR_FRAME_MALFORMED */
  decode(bytes: Uint8Array): T
}

/** Messages between a device and a relay, on {@link HOP_PROTOCOL}. */
export const hopMessageCodec: CircuitCodec<HopMessage> = { encode: encodeHop, decode: decodeHop }

/** Messages between a relay and the dialled device, on {@link STOP_PROTOCOL}. */
export const stopMessageCodec: CircuitCodec<StopMessage> = {
  encode: encodeStop,
  decode: decodeStop,
}

const HOP = { type: 1, peer: 2, reservation: 3, limit: 4, status: 5 } as const
const HOP_TYPE = { reserve: 0n, connect: 1n, status: 2n } as const
const STOP = { type: 1, peer: 2, limit: 3, status: 4 } as const
const STOP_TYPE = { connect: 0n, status: 1n } as const
const PEER = { id: 1 } as const
const RESERVATION = { expire: 1, address: 2, voucher: 3 } as const
const LIMIT = { duration: 1, data: 2 } as const

function encodeHop(message: HopMessage): Uint8Array {
  switch (message.kind) {
    case 'reserve':
      return encodeFields([{ field: HOP.type, value: HOP_TYPE.reserve }])
    case 'connect':
      return encodeFields([
        { field: HOP.type, value: HOP_TYPE.connect },
        { field: HOP.peer, value: encodePeer(message.peer) },
      ])
    case 'status':
      return encodeFields([
        { field: HOP.type, value: HOP_TYPE.status },
        ...optional(HOP.reservation, message.reservation, encodeReservation),
        ...optional(HOP.limit, message.limit, encodeLimit),
        { field: HOP.status, value: BigInt(message.status) },
      ])
  }
}

function decodeHop(bytes: Uint8Array): HopMessage {
  const fields = decodeFields(bytes)
  switch (numberOf(fields, HOP.type)) {
    case HOP_TYPE.reserve:
      return { kind: 'reserve' }
    case HOP_TYPE.connect:
      return { kind: 'connect', peer: decodePeer(fields, HOP.peer) }
    case HOP_TYPE.status:
      return {
        kind: 'status',
        status: decodeStatus(fields, HOP.status),
        ...decodeReservation(fields),
        ...decodeLimit(fields, HOP.limit),
      }
    default:
      throw malformed('no known type')
  }
}

function encodeStop(message: StopMessage): Uint8Array {
  switch (message.kind) {
    case 'connect':
      return encodeFields([
        { field: STOP.type, value: STOP_TYPE.connect },
        { field: STOP.peer, value: encodePeer(message.peer) },
        ...optional(STOP.limit, message.limit, encodeLimit),
      ])
    case 'status':
      return encodeFields([
        { field: STOP.type, value: STOP_TYPE.status },
        { field: STOP.status, value: BigInt(message.status) },
      ])
  }
}

function decodeStop(bytes: Uint8Array): StopMessage {
  const fields = decodeFields(bytes)
  switch (numberOf(fields, STOP.type)) {
    case STOP_TYPE.connect:
      return {
        kind: 'connect',
        peer: decodePeer(fields, STOP.peer),
        ...decodeLimit(fields, STOP.limit),
      }
    case STOP_TYPE.status:
      return { kind: 'status', status: decodeStatus(fields, STOP.status) }
    default:
      throw malformed('no known type')
  }
}

function decodeStatus(fields: readonly WireField[], field: number): number {
  const status = numberOf(fields, field)
  if (status === undefined) throw malformed('no status')
  return Number(status)
}

function encodePeer(peer: Uint8Array): Uint8Array {
  return encodeFields([{ field: PEER.id, value: peer }])
}

function decodePeer(fields: readonly WireField[], field: number): Uint8Array {
  const peer = bytesOf(fields, field)
  const id = peer === undefined ? undefined : bytesOf(decodeFields(peer), PEER.id)
  if (id === undefined || !isPeerMultihash(id)) throw malformed('no peer')
  return id
}

/**
 * Whether bytes are a peer id: an identity hash of ≤42 bytes or SHA-256
 * (https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#peer-ids).
 */
export function isPeerMultihash(bytes: Uint8Array): boolean {
  const [code, length] = bytes
  if (length !== bytes.length - 2) return false
  return (code === 0x00 && length > 0 && length <= 42) || (code === 0x12 && length === 32)
}

function encodeReservation({ expire, addresses, voucher }: Reservation): Uint8Array {
  return encodeFields([
    { field: RESERVATION.expire, value: BigInt(expire) },
    ...addresses.map((value) => ({ field: RESERVATION.address, value })),
    ...optional(RESERVATION.voucher, voucher, (bytes) => bytes),
  ])
}

function decodeReservation(fields: readonly WireField[]): { reservation?: Reservation } {
  const bytes = bytesOf(fields, HOP.reservation)
  if (bytes === undefined) return {}
  const inner = decodeFields(bytes)
  const voucher = bytesOf(inner, RESERVATION.voucher)
  const reservation = {
    expire: Number(numberOf(inner, RESERVATION.expire) ?? 0n),
    addresses: allBytesOf(inner, RESERVATION.address).slice(0, MAX_RELAY_ADDRESSES),
    ...(voucher === undefined ? {} : { voucher }),
  }
  return { reservation }
}

function encodeLimit({ duration, data }: CircuitLimit): Uint8Array {
  return encodeFields([
    ...optional(LIMIT.duration, duration, BigInt),
    ...optional(LIMIT.data, data, BigInt),
  ])
}

/** A limit of nothing is no limit: a relay that says `{}` or zeroes means "as long as you like". */
function decodeLimit(fields: readonly WireField[], field: number): { limit?: CircuitLimit } {
  const bytes = bytesOf(fields, field)
  if (bytes === undefined) return {}
  const inner = decodeFields(bytes)
  const duration = Number(numberOf(inner, LIMIT.duration) ?? 0n)
  const data = Number(numberOf(inner, LIMIT.data) ?? 0n)
  if (duration === 0 && data === 0) return {}
  return { limit: { ...(duration > 0 ? { duration } : {}), ...(data > 0 ? { data } : {}) } }
}

function optional<T>(
  field: number,
  value: T | undefined,
  encode: (value: T) => WireField['value'],
): readonly WireField[] {
  return value === undefined ? [] : [{ field, value: encode(value) }]
}

function malformed(found: string): NetError {
  return new NetError('ERR_FRAME_MALFORMED', `A circuit message with ${found}`)
}
