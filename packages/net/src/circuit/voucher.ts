import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { publicKeyOf } from '../identity.ts'
import type { NetIdentity } from '../net.ts'
import { type EnvelopeKind, sealEnvelope } from './envelope.ts'
import { encodeFields } from './protobuf.ts'

/** What a voucher testifies: the relay serves this peer until then. */
export interface Voucher {
  /** The peer id as the bytes of its multihash. */
  readonly peer: Uint8Array
  /** Seconds since 1970 UTC. */
  readonly expire: number
}

/** As go-libp2p and js-libp2p register it. */
const KIND: EnvelopeKind = {
  domain: 'libp2p-relay-rsvp',
  payloadType: Uint8Array.of(0x03, 0x02),
}

const VOUCHER = { relay: 1, peer: 2, expiration: 3 } as const

/**
 * The voucher of a reservation in an envelope signed by the relay: go-libp2p clients check it when it is there,
 * js-libp2p clients do not look.
 */
export async function sealVoucher(voucher: Voucher, relay: NetIdentity): Promise<Uint8Array> {
  const publicKey = publicKeyOf(relay.publicKey)
  const payload = encodeFields([
    { field: VOUCHER.relay, value: peerIdFromPublicKey(publicKey).toMultihash().bytes },
    { field: VOUCHER.peer, value: voucher.peer },
    { field: VOUCHER.expiration, value: BigInt(voucher.expire) },
  ])
  return sealEnvelope(payload, KIND, relay)
}
