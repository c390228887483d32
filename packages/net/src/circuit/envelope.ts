import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { NetError } from '../errors.ts'
import { peerOfPublicKey, publicKeyOf } from '../identity.ts'
import type { NetIdentity, PeerIdText } from '../net.ts'
import { bytesOf, decodeFields, encodeFields, lengthPrefixed } from './protobuf.ts'

/** What a signature is over besides the payload, so that it is worth nothing as another kind of record. */
export interface EnvelopeKind {
  readonly domain: string
  readonly payloadType: Uint8Array
}

const ENVELOPE = { publicKey: 1, payloadType: 2, payload: 3, signature: 5 } as const

/**
 * Signs a payload (https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md#signature-production).
 */
export async function sealEnvelope(
  payload: Uint8Array,
  kind: EnvelopeKind,
  signer: NetIdentity,
): Promise<Uint8Array> {
  return encodeFields([
    { field: ENVELOPE.publicKey, value: publicKeyToProtobuf(publicKeyOf(signer.publicKey)) },
    { field: ENVELOPE.payloadType, value: kind.payloadType },
    { field: ENVELOPE.payload, value: payload },
    { field: ENVELOPE.signature, value: await signer.sign(signedBytes(payload, kind)) },
  ])
}

/** Who signed, and what. @throws ERR_FRAME_MALFORMED when it is no envelope of this kind, or its signature is not good */
export async function openEnvelope(
  bytes: Uint8Array,
  kind: EnvelopeKind,
): Promise<{ readonly signer: PeerIdText; readonly payload: Uint8Array }> {
  const fields = decodeFields(bytes)
  const payload = bytesOf(fields, ENVELOPE.payload)
  const signature = bytesOf(fields, ENVELOPE.signature)
  const key = bytesOf(fields, ENVELOPE.publicKey)
  const type = bytesOf(fields, ENVELOPE.payloadType)
  if (payload === undefined || signature === undefined || key === undefined) throw malformed()
  if (type === undefined || !isSame(type, kind.payloadType)) throw malformed()
  const publicKey = parseKey(key)
  if (!(await publicKey.verify(signedBytes(payload, kind), signature))) throw malformed()
  return { signer: peerOfPublicKey(publicKey.raw), payload }
}

function parseKey(bytes: Uint8Array): ReturnType<typeof publicKeyOf> {
  const key = publicKeyFromProtobuf(bytes)
  if (key.type !== 'Ed25519') throw malformed()
  return key
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index])
}

function signedBytes(payload: Uint8Array, { domain, payloadType }: EnvelopeKind): Uint8Array {
  const parts = [new TextEncoder().encode(domain), payloadType, payload]
  return Uint8Array.from(parts.flatMap(lengthPrefixed))
}

function malformed(): NetError {
  return new NetError('ERR_FRAME_MALFORMED', 'Not a record that its signer signed')
}
