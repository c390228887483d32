import type { RelayIdentity } from './identity.ts'
import { bytesField, concat, numberField, varint } from './protobuf.ts'

/** What a voucher testifies: the relay serves this peer until then. Peers as multihashes. */
export interface Voucher {
  readonly peer: Uint8Array
  /** Seconds since 1970 UTC. */
  readonly expiresAt: number
}

/** Domain and payload type of a voucher, as go-libp2p and js-libp2p register them. */
const DOMAIN = new TextEncoder().encode('libp2p-relay-rsvp')
const PAYLOAD_TYPE = Uint8Array.of(0x03, 0x02)

const VOUCHER = { relay: 1, peer: 2, expiration: 3 } as const
const ENVELOPE = { publicKey: 1, payloadType: 2, payload: 3, signature: 5 } as const

/**
 * A reservation voucher in a signed envelope
 * (https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md#signature-production):
 * go-libp2p clients check it when it is there, js-libp2p clients do not look.
 */
export async function sealVoucher(voucher: Voucher, identity: RelayIdentity): Promise<Uint8Array> {
  const payload = concat([
    bytesField(VOUCHER.relay, identity.multihash),
    bytesField(VOUCHER.peer, voucher.peer),
    numberField(VOUCHER.expiration, voucher.expiresAt),
  ])
  const signed = concat(
    [DOMAIN, PAYLOAD_TYPE, payload].flatMap((part) => [varint(part.length), part]),
  )
  return concat([
    bytesField(ENVELOPE.publicKey, identity.publicKeyMessage),
    bytesField(ENVELOPE.payloadType, PAYLOAD_TYPE),
    bytesField(ENVELOPE.payload, payload),
    bytesField(ENVELOPE.signature, await identity.sign(signed)),
  ])
}
