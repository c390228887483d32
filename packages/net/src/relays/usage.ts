import { type EnvelopeKind, openEnvelope, sealEnvelope } from '../circuit/envelope.ts'
import { bytesOf, decodeFields, encodeFields, numberOf } from '../circuit/protobuf.ts'
import { NetError } from '../errors.ts'
import type { NetIdentity, PeerIdText } from '../net.ts'

/** A device asks its relay what its account used: one sealed record per day, each as a frame, then the end. */
export const USAGE_PROTOCOL = '/kith/usage/1'

/** Largest record, in bytes. */
export const MAX_USAGE_BYTES = 1_024

/** What one account used in one day; names no peer, and nobody it was joined with (rule RLY-45). */
export interface UsageRecord {
  readonly account: string
  /** The day, UTC, as `2026-11-22`. */
  readonly day: string
  /** Bytes forwarded for it, both ways. */
  readonly bytes: number
  /** Circuits and splices opened for it. */
  readonly circuits: number
}

/** Bound to us by a name of our own, as libp2p registers numbers for its own kinds alone. */
const KIND: EnvelopeKind = {
  domain: 'kith/v1/relay-usage',
  payloadType: new TextEncoder().encode('/kith/usage'),
}

const USAGE = { account: 1, day: 2, bytes: 3, circuits: 4 } as const

/** The record, signed by the relay: it cannot later say that it was another. */
export function sealUsage(record: UsageRecord, relay: NetIdentity): Promise<Uint8Array> {
  const { account, day, bytes, circuits } = record
  const text = new TextEncoder()
  const payload = encodeFields([
    { field: USAGE.account, value: text.encode(account) },
    { field: USAGE.day, value: text.encode(day) },
    { field: USAGE.bytes, value: BigInt(bytes) },
    { field: USAGE.circuits, value: BigInt(circuits) },
  ])
  return sealEnvelope(payload, KIND, relay)
}

/** The record, and the relay that signed it. @throws ERR_FRAME_MALFORMED when the signature is not good */
export async function openUsage(
  bytes: Uint8Array,
): Promise<{ readonly relay: PeerIdText; readonly record: UsageRecord }> {
  const { signer: relay, payload } = await openEnvelope(bytes, KIND)
  const fields = decodeFields(payload)
  const account = bytesOf(fields, USAGE.account)
  const day = bytesOf(fields, USAGE.day)
  const sums = [numberOf(fields, USAGE.bytes), numberOf(fields, USAGE.circuits)].map(Number)
  const [forwarded, circuits] = sums
  if (account === undefined || day === undefined || !isCount(forwarded) || !isCount(circuits)) {
    throw new NetError('ERR_FRAME_MALFORMED', 'Not a record of what an account used')
  }
  const text = new TextDecoder()
  return {
    relay,
    record: { account: text.decode(account), day: text.decode(day), bytes: forwarded, circuits },
  }
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value !== undefined && value >= 0
}
