import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import { base58btc } from 'multiformats/bases/base58'
import type { Uint8ArrayList } from 'uint8arraylist'
import { NetError } from './errors.ts'
import type { NetIdentity, PeerIdText } from './net.ts'

/** Raw length of an Ed25519 public key (RFC 8032 §5.1.5). */
const PUBLIC_KEY_BYTES = 32

/**
 * A libp2p private key that signs through the identity and holds no private half (rule NET-1).
 * Noise and identify only ever call `sign` and `publicKey`; whoever reads `raw` gets an error
 * instead of a wrong key.
 *
 * @throws ERR_KEY_NOT_EXTRACTABLE when `raw` is read
 */
export function privateKeyOf(identity: NetIdentity): Ed25519PrivateKey {
  const publicKey = publicKeyOf(identity.publicKey)
  return {
    type: 'Ed25519',
    publicKey,
    get raw(): Uint8Array {
      throw new NetError('ERR_KEY_NOT_EXTRACTABLE', 'The private half of this key cannot be read')
    },
    equals: (other?: unknown): boolean =>
      isPrivateKeyLike(other) && publicKey.equals(other.publicKey),
    sign: (data: Uint8Array | Uint8ArrayList): Promise<Uint8Array> =>
      identity.sign(data instanceof Uint8Array ? data : data.subarray()),
  }
}

/** Text of the peer id of a raw Ed25519 public key. */
export function peerOfPublicKey(publicKey: Uint8Array): PeerIdText {
  return peerIdFromPublicKey(publicKeyOf(publicKey)).toString()
}

/** @throws ERR_ADDRESS when the text is no peer id of an Ed25519 key */
export function parsePeer(text: PeerIdText): PeerId {
  try {
    const peer = peerIdFromString(text)
    if (peer.type === 'Ed25519') return peer
  } catch {
    // falls through to the one error below: why it does not parse helps nobody
  }
  throw new NetError('ERR_ADDRESS', 'Not the peer id of an Ed25519 key')
}

/** Text of a peer id of any kind, given as the bytes of its multihash. */
export function peerOfMultihash(multihash: Uint8Array): PeerIdText {
  return base58btc.baseEncode(multihash)
}

/** @throws ERR_ADDRESS when these are not the 32 bytes of an Ed25519 public key */
export function publicKeyOf(raw: Uint8Array): Ed25519PrivateKey['publicKey'] {
  const key = raw.byteLength === PUBLIC_KEY_BYTES ? publicKeyFromRaw(raw) : undefined
  if (key?.type === 'Ed25519') return key
  throw new NetError('ERR_ADDRESS', `An Ed25519 public key has 32 bytes, got ${raw.byteLength}`)
}

function isPrivateKeyLike(value: unknown): value is { readonly publicKey: unknown } {
  return typeof value === 'object' && value !== null && 'publicKey' in value
}
