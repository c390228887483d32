/**
 * PQXDH [signal.org/docs/specifications/pqxdh, revision 3]: from the card of a device that is off to a key
 * both sides hold, safe as long as either X25519 or ML-KEM-768 is. No one-time prekeys are published: replicas
 * that do not know of each other would hand the same one out twice (protocol.md §4). A device that is there gives
 * out a card for one session instead (SES-24). The notation is that of the specification: the initiator is Alice (A), the owner of the card Bob (B).
 */

import { bytes, record, type Shape, uint } from '../codec/shape.ts'
import { KithError } from '../errors.ts'
import { domainBytes, joinBytes } from '../identity/domain.ts'
import {
  type DeviceCard,
  deviceCardCodec,
  MAX_CARD_BYTES,
  type PrekeySecrets,
} from './device-card.ts'
import { createKeyPair, type SessionEnvironment } from './party.ts'
import {
  KEM_CIPHERTEXT_BYTES,
  KEM_RANDOMNESS_BYTES,
  type KeyPair,
  type Primitives,
  X25519_KEY_BYTES,
} from './primitives.ts'

/** What the initiator sends along until it is answered (PQXDH §3.3, the initial message). */
export interface Agreement {
  /** The initiator's card, encoded: IK_A, signed by its device. */
  readonly card: Uint8Array
  /** EK_A. Names the session, and is what the replay cache remembers (SES-7). */
  readonly ephemeralKey: Uint8Array
  /** Which of the recipient's cards was used. */
  readonly prekeyNumber: number
  /** CT: ML-KEM-768 to that card. */
  readonly kemCiphertext: Uint8Array
}

/** What both sides hold after it. */
export interface Agreed {
  /** SK, 32 bytes. */
  readonly sharedKey: Uint8Array
  /** Hash over AD of PQXDH §3.3: both identity keys and the KEM prekey. 32 bytes. */
  readonly binding: Uint8Array
}

/** Alice's side (PQXDH §3.3). @throws ERR_KEY_REFUSED when the card holds a key that is none */
export async function initiateAgreement(
  { self, peerCard }: { readonly self: OwnIdentity; readonly peerCard: DeviceCard },
  environment: SessionEnvironment,
): Promise<Agreed & { readonly agreement: Agreement }> {
  const { primitives, rng } = environment
  const ephemeral = await createKeyPair(environment)
  const { ciphertext, sharedSecret } = await primitives.mlKem768.encapsulate(
    peerCard.kemPrekey,
    rng.bytes(KEM_RANDOMNESS_BYTES),
  )
  const agree = primitives.x25519.agree
  const dh1 = await agree(self.identityKey.secretKey, peerCard.prekey)
  const dh2 = await agree(ephemeral.secretKey, peerCard.identityKey)
  const dh3 = await agree(ephemeral.secretKey, peerCard.prekey)
  const agreement: Agreement = {
    card: deviceCardCodec.encode(self.card),
    ephemeralKey: ephemeral.publicKey,
    prekeyNumber: peerCard.number,
    kemCiphertext: ciphertext,
  }
  const sharedKey = await deriveSharedKey([dh1, dh2, dh3, sharedSecret], primitives)
  const binding = await bindIdentities(
    {
      initiator: self.identityKey.publicKey,
      responder: peerCard.identityKey,
      kemPrekey: peerCard.kemPrekey,
    },
    primitives,
  )
  return { agreement, sharedKey, binding }
}

/** What a device needs of itself to start a session or to accept one. */
export interface OwnIdentity {
  readonly identityKey: KeyPair
  /** The card given out last. */
  readonly card: DeviceCard
}

/** What Bob needs for his side. */
export interface Acceptance {
  readonly identityKey: KeyPair
  /** The secrets of the card the initiator used. */
  readonly prekeys: PrekeySecrets
  readonly agreement: Agreement
  /** IK_A, from a card whose signature is proved. */
  readonly initiatorKey: Uint8Array
}

/** Bob's side (PQXDH §3.4). @throws ERR_KEY_REFUSED when the initiator sent a key that is none */
export async function acceptAgreement(
  { identityKey, prekeys, agreement, initiatorKey }: Acceptance,
  primitives: Primitives,
): Promise<Agreed> {
  const { agree } = primitives.x25519
  const { decapsulate } = primitives.mlKem768
  const dh1 = await agree(prekeys.prekey.secretKey, initiatorKey)
  const dh2 = await agree(identityKey.secretKey, agreement.ephemeralKey)
  const dh3 = await agree(prekeys.prekey.secretKey, agreement.ephemeralKey)
  const ss = await decapsulate(prekeys.kemPrekey.secretKey, agreement.kemCiphertext)
  const sharedKey = await deriveSharedKey([dh1, dh2, dh3, ss], primitives)
  const binding = await bindIdentities(
    {
      initiator: initiatorKey,
      responder: identityKey.publicKey,
      kemPrekey: prekeys.kemPrekey.publicKey,
    },
    primitives,
  )
  return { sharedKey, binding }
}

/** The secrets of the card an agreement names. @throws ERR_SESSION_PREKEY when they are erased */
export function prekeysOf(agreement: Agreement, prekeys: readonly PrekeySecrets[]): PrekeySecrets {
  const found = prekeys.find(({ number }) => number === agreement.prekeyNumber)
  if (found !== undefined) return found
  throw new KithError('ERR_SESSION_PREKEY', 'a first message to a prekey that is erased', {
    hint: 'The sender has to start again with the newest card.',
  })
}

/** F of PQXDH §2.2 for curve25519: domain separation from XEdDSA. */
const F = new Uint8Array(32).fill(0xff)
/** A zero-filled salt as long as the hash (PQXDH §2.2). */
const ZERO_SALT = new Uint8Array(32)
/** info_curve_hash_pqkem of PQXDH §2.2; info is our domain string, which ends in a zero byte for `_` (ID-2). */
const INFO: Uint8Array = domainBytes(
  'session agreement',
  new TextEncoder().encode('CURVE25519_SHA-256_ML-KEM-768'),
)

/** SK = KDF(DH1 ‖ DH2 ‖ DH3 ‖ SS) (PQXDH §3.3). */
async function deriveSharedKey(
  secrets: readonly Uint8Array[],
  { hkdfSha256 }: Primitives,
): Promise<Uint8Array> {
  return hkdfSha256({ secret: joinBytes(F, ...secrets), salt: ZERO_SALT, info: INFO, length: 32 })
}

/** EncodeEC and EncodeKEM of PQXDH §2.1 put one byte before the key; no two kinds share it. */
const CURVE25519 = Uint8Array.of(0x05)
const ML_KEM_768 = Uint8Array.of(0x0a)

/**
 * AD = EncodeEC(IK_A) ‖ EncodeEC(IK_B) ‖ EncodeKEM(PQPK_B) (PQXDH §3.3). The last part is asked for by
 * §4.12 of KEMs whose secret does not bind the key; that of ML-KEM does (FIPS 203 §6.2).
 */
async function bindIdentities(
  keys: {
    readonly initiator: Uint8Array
    readonly responder: Uint8Array
    readonly kemPrekey: Uint8Array
  },
  { sha256 }: Primitives,
): Promise<Uint8Array> {
  const { initiator, responder, kemPrekey } = keys
  return sha256(
    domainBytes(
      'session binding',
      joinBytes(CURVE25519, initiator),
      joinBytes(CURVE25519, responder),
      joinBytes(ML_KEM_768, kemPrekey),
    ),
  )
}

/** Shape of an {@link Agreement}. */
export const agreementShape: Shape<Agreement> = record({
  card: bytes({ max: MAX_CARD_BYTES }),
  ephemeralKey: bytes({ length: X25519_KEY_BYTES }),
  prekeyNumber: uint(),
  kemCiphertext: bytes({ length: KEM_CIPHERTEXT_BYTES }),
})
