/**
 * Messages of the circuit relay protocol, version 2, as both a device and a relay speak it
 * (https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md, "Protobuf").
 */
import { NetError } from '../errors.ts'
import { bytesOf, decodeFields, encodeFields, numberOf, type WireField } from './protobuf.ts'

/** Protocol a device opens to a relay. */
export const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'
/** Protocol a relay opens to the device that is dialled. */
export const STOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/stop'

/** Bounds one message: a reservation with 32 addresses of 160 bytes fits. */
export const MAX_CIRCUIT_MESSAGE_BYTES = 8_192

/** Addresses a relay may give itself in a reservation; more are dropped. */
const MAX_RESERVATION_ADDRESSES = 32

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

function encodeHop(message: HopMessage): Uint8Array {
  switch (message.kind) {
    case 'reserve':
      return encodeFields([{ field: 1, value: 0n }])
    case 'connect':
      return encodeFields([
        { field: 1, value: 1n },
        { field: 2, value: encodePeer(message.peer) },
      ])
    case 'status':
      return encodeFields([
        { field: 1, value: 2n },
        ...optional(3, message.reservation, encodeReservation),
        ...optional(4, message.limit, encodeLimit),
        { field: 5, value: BigInt(message.status) },
      ])
  }
}

function decodeHop(bytes: Uint8Array): HopMessage {
  const fields = decodeFields(bytes)
  switch (numberOf(fields, 1)) {
    case 0n:
      return { kind: 'reserve' }
    case 1n:
      return { kind: 'connect', peer: decodePeer(fields) }
    case 2n:
      return {
        kind: 'status',
        status: Number(numberOf(fields, 5) ?? 0n),
        ...decodeReservation(fields),
        ...decodeLimit(fields, 4),
      }
    default:
      throw unknownType()
  }
}

function encodeStop(message: StopMessage): Uint8Array {
  switch (message.kind) {
    case 'connect':
      return encodeFields([
        { field: 1, value: 0n },
        { field: 2, value: encodePeer(message.peer) },
        ...optional(3, message.limit, encodeLimit),
      ])
    case 'status':
      return encodeFields([
        { field: 1, value: 1n },
        { field: 4, value: BigInt(message.status) },
      ])
  }
}

function decodeStop(bytes: Uint8Array): StopMessage {
  const fields = decodeFields(bytes)
  switch (numberOf(fields, 1)) {
    case 0n:
      return { kind: 'connect', peer: decodePeer(fields), ...decodeLimit(fields, 3) }
    case 1n:
      return { kind: 'status', status: Number(numberOf(fields, 4) ?? 0n) }
    default:
      throw unknownType()
  }
}

function encodePeer(peer: Uint8Array): Uint8Array {
  return encodeFields([{ field: 1, value: peer }])
}

function decodePeer(fields: readonly WireField[]): Uint8Array {
  const peer = bytesOf(fields, 2).at(-1)
  const id = peer === undefined ? undefined : bytesOf(decodeFields(peer), 1).at(-1)
  if (id === undefined) throw new NetError('ERR_FRAME_MALFORMED', 'A circuit names no peer')
  return id
}

function encodeReservation({ expire, addresses }: Reservation): Uint8Array {
  return encodeFields([
    { field: 1, value: BigInt(expire) },
    ...addresses.map((value) => ({ field: 2, value })),
  ])
}

function decodeReservation(fields: readonly WireField[]): { reservation?: Reservation } {
  const bytes = bytesOf(fields, 3).at(-1)
  if (bytes === undefined) return {}
  const inner = decodeFields(bytes)
  const addresses = bytesOf(inner, 2).slice(0, MAX_RESERVATION_ADDRESSES)
  return { reservation: { expire: Number(numberOf(inner, 1) ?? 0n), addresses } }
}

function encodeLimit({ duration, data }: CircuitLimit): Uint8Array {
  return encodeFields([
    ...optional(1, duration, (seconds) => BigInt(seconds)),
    ...optional(2, data, (bytes) => BigInt(bytes)),
  ])
}

/** A limit of nothing is no limit: a relay that says `{}` or zeroes means "as long as you like". */
function decodeLimit(fields: readonly WireField[], field: number): { limit?: CircuitLimit } {
  const bytes = bytesOf(fields, field).at(-1)
  if (bytes === undefined) return {}
  const inner = decodeFields(bytes)
  const duration = Number(numberOf(inner, 1) ?? 0n)
  const data = Number(numberOf(inner, 2) ?? 0n)
  if (duration === 0 && data === 0) return {}
  return { limit: { ...(duration > 0 ? { duration } : {}), ...(data > 0 ? { data } : {}) } }
}

function optional<T>(
  field: number,
  value: T | undefined,
  encode: (value: T) => Uint8Array | bigint,
): readonly WireField[] {
  if (value === undefined) return []
  const encoded = encode(value)
  return typeof encoded === 'bigint' ? [{ field, value: encoded }] : [{ field, value: encoded }]
}

function unknownType(): NetError {
  return new NetError('ERR_FRAME_MALFORMED', 'A circuit message of no known type')
}
