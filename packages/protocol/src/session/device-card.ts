/**
 * The device card: what others need to start a session with a device that is off. It names no person and
 * no account (protocol.md §2), so it may lie anywhere; that the device belongs to an account is said by
 * the account's device log alone.
 */

import { type Codec, codec } from '../codec/codec.ts'
import { deviceId } from '../codec/id-shapes.ts'
import { bytes, record, suite, uint } from '../codec/shape.ts'
import { KithError } from '../errors.ts'
import { domainBytes } from '../identity/domain.ts'
import { type Signer, verifySignature } from '../identity/keys.ts'
import { type DeviceId, deviceIdFromPublicKey, publicKeyOfDevice } from '../ids.ts'
import { createKeyPair, type SessionEnvironment } from './party.ts'
import {
  KEM_PUBLIC_KEY_BYTES,
  KEM_SEED_BYTES,
  type KeyPair,
  X25519_KEY_BYTES,
} from './primitives.ts'

/** What a device publishes of itself (PQXDH §3.2), signed by its own Ed25519 key as one. */
export interface DeviceCard {
  readonly suite: 1
  readonly device: DeviceId
  /** IK: X25519, the same in every card of the device. */
  readonly identityKey: Uint8Array
  /** SPK: X25519, made for this card. */
  readonly prekey: Uint8Array
  /** PQSPK: ML-KEM-768, made for this card. */
  readonly kemPrekey: Uint8Array
  /** Counts the device's cards; a higher one replaces a lower one. */
  readonly number: number
  /** Milliseconds since 1970 UTC, by the device's clock. */
  readonly createdAt: number
  /** From then on nobody starts a session with it. */
  readonly expiresAt: number
  /** Ed25519 by the device key over everything above. */
  readonly signature: Uint8Array
}

/** The secret halves of one card's prekeys. */
export interface PrekeySecrets {
  /** Number of the card they belong to. */
  readonly number: number
  readonly createdAt: number
  readonly prekey: KeyPair
  readonly kemPrekey: KeyPair
}

const DAY_MS = 86_400_000
/** A new card is made that often (protocol.md §2): a stolen prekey opens one week of first messages. */
export const CARD_ROTATION_MS: number = 7 * DAY_MS
/** Secret halves are kept that long after the newer card was made: first messages may be on the way. */
export const PREKEY_KEPT_MS: number = 30 * DAY_MS
/** The longest a card may stand: no longer than its secret halves are kept for sure. */
export const CARD_LIFE_MS: number = CARD_ROTATION_MS + PREKEY_KEPT_MS
/** How far the clock of a card's device may be ahead (proof E4). */
const CLOCK_SKEW_MS = DAY_MS

/** What a card is made of. */
export interface CardInput {
  readonly signer: Signer
  /** The device's X25519 identity key, made once with `createKeyPair`. */
  readonly identityKey: KeyPair
  /** One more than in the device's last card. */
  readonly number: number
  /** Milliseconds it stands; shorter for a card given out in a live exchange. At most {@link CARD_LIFE_MS}. */
  readonly life?: number
}

/**
 * Makes a card with fresh prekeys. Store the secrets before the card is given out.
 *
 * @example
 * ```ts
 * const identityKey = await createKeyPair(environment)
 * const { card, secrets } = await createDeviceCard({ signer, identityKey, number: 1 }, environment)
 * await give(deviceCardCodec.encode(card))
 * ```
 */
export async function createDeviceCard(
  { signer, identityKey, number, life = CARD_LIFE_MS }: CardInput,
  environment: SessionEnvironment,
): Promise<{ readonly card: DeviceCard; readonly secrets: PrekeySecrets }> {
  const { primitives, rng, clock } = environment
  const prekey = await createKeyPair(environment)
  const kemPrekey = await primitives.mlKem768.keyPair(rng.bytes(KEM_SEED_BYTES))
  const createdAt = clock.now()
  const body: CardBody = {
    suite: 1,
    device: deviceIdFromPublicKey(signer.publicKey),
    identityKey: identityKey.publicKey,
    prekey: prekey.publicKey,
    kemPrekey: kemPrekey.publicKey,
    number,
    createdAt,
    expiresAt: createdAt + Math.min(life, CARD_LIFE_MS),
  }
  const signature = await signer.sign(signedBytes(body))
  return { card: { ...body, signature }, secrets: { number, createdAt, prekey, kemPrekey } }
}

/**
 * Reads a card and proves it, see {@link proveDeviceCard}.
 *
 * @throws ERR_MALFORMED, ERR_SUITE_UNKNOWN, ERR_CARD_SIGNATURE, ERR_CARD_EXPIRED
 */
export function verifyDeviceCard(card: Uint8Array, { now }: { readonly now: number }): DeviceCard {
  const read = deviceCardCodec.decode(card)
  proveDeviceCard(read, { now })
  return read
}

/**
 * Proves a card (SES-2): signed by the device it names, not expired, not from the future, and not meant to
 * stand for longer than a card may.
 *
 * @throws ERR_CARD_SIGNATURE, ERR_CARD_EXPIRED
 */
export function proveDeviceCard(card: DeviceCard, { now }: { readonly now: number }): void {
  const { createdAt, expiresAt } = card
  const inTime = createdAt <= now + CLOCK_SKEW_MS && now < expiresAt
  if (!inTime || expiresAt - createdAt > CARD_LIFE_MS) {
    throw new KithError('ERR_CARD_EXPIRED', 'a device card outside of its time', {
      hint: 'Connect to the device: it gives out a new one.',
    })
  }
  proveSignature(card)
}

/**
 * Proves that the device a card names signed it, whatever its time: enough for the identity key of whoever
 * starts a session, whose prekeys are not used (SES-5).
 *
 * @throws ERR_CARD_SIGNATURE
 */
export function proveSignature(card: DeviceCard): void {
  if (!verifySignature(publicKeyOfDevice(card.device), signedBytes(card), card.signature)) {
    throw new KithError('ERR_CARD_SIGNATURE', 'a device card its device did not sign')
  }
}

/**
 * The secrets still to be kept (SES-3): those of the newest card, and those whose newer card is younger
 * than {@link PREKEY_KEPT_MS}. The rest is to be erased.
 */
export function prekeysToKeep(
  prekeys: readonly PrekeySecrets[],
  { now }: { readonly now: number },
): readonly PrekeySecrets[] {
  const newestFirst = [...prekeys].sort((a, b) => b.number - a.number)
  return newestFirst.filter((_, at) => {
    const newer = newestFirst[at - 1]
    return newer === undefined || now - newer.createdAt < PREKEY_KEPT_MS
  })
}

type CardBody = Omit<DeviceCard, 'signature'>

const bodyFields = {
  suite: suite(1),
  device: deviceId,
  identityKey: bytes({ length: X25519_KEY_BYTES }),
  prekey: bytes({ length: X25519_KEY_BYTES }),
  kemPrekey: bytes({ length: KEM_PUBLIC_KEY_BYTES }),
  number: uint(),
  createdAt: uint(),
  expiresAt: uint(),
} as const

/** Bytes of a card with room to spare: 1,184 of the KEM key, and some 200 else. */
export const MAX_CARD_BYTES = 1536

const bodyCodec: Codec<CardBody> = codec(record(bodyFields), { maxBytes: MAX_CARD_BYTES })

function signedBytes({ signature: _, ...body }: CardBody & { signature?: Uint8Array }): Uint8Array {
  return domainBytes('device card', bodyCodec.encode(body))
}

/** Cards as bytes. Decoding proves nothing yet: see {@link verifyDeviceCard}. */
export const deviceCardCodec: Codec<DeviceCard> = codec(
  record({ ...bodyFields, signature: bytes({ length: 64 }) }),
  { maxBytes: MAX_CARD_BYTES },
)

const x25519PairShape = record({
  publicKey: bytes({ length: X25519_KEY_BYTES }),
  secretKey: bytes({ length: X25519_KEY_BYTES }),
})

/** Prekey secrets as bytes, for the store. */
export const prekeySecretsCodec: Codec<PrekeySecrets> = codec(
  record({
    number: uint(),
    createdAt: uint(),
    prekey: x25519PairShape,
    kemPrekey: record({
      publicKey: bytes({ length: KEM_PUBLIC_KEY_BYTES }),
      secretKey: bytes({ length: KEM_SEED_BYTES }),
    }),
  }),
  { maxBytes: 2048 },
)

/** An X25519 pair as bytes, for the store. */
export const keyPairCodec: Codec<KeyPair> = codec(x25519PairShape, { maxBytes: 128 })
