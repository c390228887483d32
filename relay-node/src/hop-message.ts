import { RelayError } from './errors.ts'
import { bytesField, concat, numberField, readFields, type WireField } from './protobuf.ts'

/**
 * The messages of circuit relay v2 as a relay sees them
 * (https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#protobuf). A relay only reads
 * RESERVE, CONNECT and the target's STATUS, and only writes the other halves.
 */

/** Protocol between a client and its relay. */
export const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'
/** Protocol between a relay and the target of a circuit. */
export const STOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/stop'

/** Status codes of the specification. */
export const STATUS = {
  OK: 100,
  RESERVATION_REFUSED: 200,
  RESOURCE_LIMIT_EXCEEDED: 201,
  PERMISSION_DENIED: 202,
  CONNECTION_FAILED: 203,
  NO_RESERVATION: 204,
  MALFORMED_MESSAGE: 400,
  UNEXPECTED_MESSAGE: 401,
} as const

/** A status of {@link STATUS}. */
export type StatusCode = (typeof STATUS)[keyof typeof STATUS]

/** What a client asks of its relay. */
export type HopRequest =
  | { readonly kind: 'reserve' }
  /** `target` is the multihash of a peer id. */
  | { readonly kind: 'connect'; readonly target: Uint8Array }
  /** Well-formed, but not for a relay to receive. */
  | { readonly kind: 'unexpected' }

/** A granted reservation as its holder is told of it. */
export interface ReservationGrant {
  /** Seconds since 1970 UTC, after which it is void unless refreshed. */
  readonly expiresAt: number
  /** Binary multiaddrs of the relay, with its peer id. */
  readonly addresses: readonly Uint8Array[]
  /** Signed envelope of the voucher. */
  readonly voucher: Uint8Array
}

const HOP = { type: 1, peer: 2, reservation: 3, status: 5 } as const
const HOP_TYPE = { reserve: 0n, connect: 1n, status: 2n } as const
const STOP = { type: 1, peer: 2, status: 4 } as const
const STOP_TYPE = { connect: 0n, status: 1n } as const
const PEER = { id: 1 } as const
const RESERVATION = { expire: 1, address: 2, voucher: 3 } as const

/** @throws ERR_MALFORMED */
export function decodeHopRequest(bytes: Uint8Array): HopRequest {
  const fields = readFields(bytes)
  switch (numberOf(fields, HOP.type)) {
    case HOP_TYPE.reserve:
      return { kind: 'reserve' }
    case HOP_TYPE.connect:
      return { kind: 'connect', target: peerOf(fields, HOP.peer) }
    case HOP_TYPE.status:
      return { kind: 'unexpected' }
    default:
      throw new RelayError('ERR_MALFORMED', 'A hop message without a known type')
  }
}

/** An answer on the hop protocol. Carries no limit, as circuits have none (rule RLY-5). */
export function encodeHopStatus(status: StatusCode, grant?: ReservationGrant): Uint8Array {
  return concat([
    numberField(HOP.type, HOP_TYPE.status),
    ...(grant === undefined ? [] : [bytesField(HOP.reservation, encodeGrant(grant))]),
    numberField(HOP.status, status),
  ])
}

function encodeGrant({ expiresAt, addresses, voucher }: ReservationGrant): Uint8Array {
  return concat([
    numberField(RESERVATION.expire, expiresAt),
    ...addresses.map((address) => bytesField(RESERVATION.address, address)),
    bytesField(RESERVATION.voucher, voucher),
  ])
}

/** Tells a target that the peer of this multihash dials it. */
export function encodeStopConnect(initiator: Uint8Array): Uint8Array {
  return concat([
    numberField(STOP.type, STOP_TYPE.connect),
    bytesField(STOP.peer, bytesField(PEER.id, initiator)),
  ])
}

/** The status a target answers with. @throws ERR_MALFORMED */
export function decodeStopStatus(bytes: Uint8Array): number {
  const fields = readFields(bytes)
  const status = numberOf(fields, STOP.status)
  if (numberOf(fields, STOP.type) !== STOP_TYPE.status || status === undefined) {
    throw new RelayError('ERR_MALFORMED', 'A stop message that is no status')
  }
  return Number(status)
}

function peerOf(fields: readonly WireField[], number: number): Uint8Array {
  const peer = bytesOf(fields, number)
  const id = peer === undefined ? undefined : bytesOf(readFields(peer), PEER.id)
  if (id !== undefined && isPeerMultihash(id)) return id
  throw new RelayError('ERR_MALFORMED', 'A hop message without a target')
}

/**
 * Whether bytes are a peer id: an identity hash of ≤42 bytes or SHA-256
 * (https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#peer-ids).
 */
function isPeerMultihash(bytes: Uint8Array): boolean {
  const [code, length] = bytes
  if (length !== bytes.length - 2) return false
  return (code === 0x00 && length > 0 && length <= 42) || (code === 0x12 && length === 32)
}

function numberOf(fields: readonly WireField[], number: number): bigint | undefined {
  const field = only(fields, number)
  if (field === undefined) return undefined
  if (field.kind === 'varint') return field.value
  throw new RelayError('ERR_MALFORMED', `Field ${number} of a circuit message is no number`)
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array | undefined {
  const field = only(fields, number)
  if (field === undefined) return undefined
  if (field.kind === 'bytes') return field.value
  throw new RelayError('ERR_MALFORMED', `Field ${number} of a circuit message is not bytes`)
}

/** Two of a field that stands once could be read differently by two programs: refused. */
function only(fields: readonly WireField[], number: number): WireField | undefined {
  const [field, second] = fields.filter((candidate) => candidate.number === number)
  if (second === undefined) return field
  throw new RelayError('ERR_MALFORMED', `Field ${number} of a circuit message stands twice`)
}
