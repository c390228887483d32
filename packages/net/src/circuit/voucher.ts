import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { publicKeyOf } from '../identity.ts'
import type { NetIdentity } from '../net.ts'
import { encodeFields, lengthPrefixed } from './protobuf.ts'

/** What a voucher testifies: the relay serves this peer until then. */
export interface Voucher {
  /** The peer id as the bytes of its multihash. */
  readonly peer: Uint8Array
  /** Seconds since 1970 UTC. */
  readonly expire: number
}

/** Domain and payload type of a voucher, as go-libp2p and js-libp2p register them. */
const DOMAIN = new TextEncoder().encode('libp2p-relay-rsvp')
const PAYLOAD_TYPE = Uint8Array.of(0x03, 0x02)

const VOUCHER = { relay: 1, peer: 2, expiration: 3 } as const
const ENVELOPE = { publicKey: 1, payloadType: 2, payload: 3, signature: 5 } as const

/**
 * The voucher of a reservation in an envelope signed by the relay
 * (https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md#signature-production):
 * go-libp2p clients check it when it is there, js-libp2p clients do not look.
 */
export async function sealVoucher(voucher: Voucher, relay: NetIdentity): Promise<Uint8Array> {
  const publicKey = publicKeyOf(relay.publicKey)
  const payload = encodeFields([
    { field: VOUCHER.relay, value: peerIdFromPublicKey(publicKey).toMultihash().bytes },
    { field: VOUCHER.peer, value: voucher.peer },
    { field: VOUCHER.expiration, value: BigInt(voucher.expire) },
  ])
  const signed = Uint8Array.from([DOMAIN, PAYLOAD_TYPE, payload].flatMap(lengthPrefixed))
  return encodeFields([
    { field: ENVELOPE.publicKey, value: publicKeyToProtobuf(publicKey) },
    { field: ENVELOPE.payloadType, value: PAYLOAD_TYPE },
    { field: ENVELOPE.payload, value: payload },
    { field: ENVELOPE.signature, value: await relay.sign(signed) },
  ])
}
