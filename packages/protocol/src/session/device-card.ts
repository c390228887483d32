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
  type Primitives,
  type SignedBytes,
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
  /** Counts the device's cards, a higher one replaces a lower one; of a one-time card it is drawn (SES-21). */
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
/** A one-time card is used at once; so long its secret halves wait for the first message (SES-21). */
export const ONE_TIME_CARD_LIFE_MS: number = 10 * 60 * 1000
/** Published cards stay below, a card a week; one-time cards begin here, so that no number is both. */
const FIRST_ONE_TIME_NUMBER = 2 ** 32
/** Bytes of a drawn number: no two cards of a device share one, nor does a restart have to remember any. */
const ONE_TIME_NUMBER_BYTES = 6

/** What a card is made of. */
export interface CardInput {
  readonly signer: Signer
  /** The device's X25519 identity key, made once with `createKeyPair`. */
  readonly identityKey: KeyPair
  /** One more than in the device's last card. */
  readonly number: number
}

/** A card, and the secret halves of its prekeys. */
export interface CardWithSecrets {
  readonly card: DeviceCard
  readonly secrets: PrekeySecrets
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
export function createDeviceCard(
  input: CardInput,
  environment: SessionEnvironment,
): Promise<CardWithSecrets> {
  return makeCard({ ...input, life: CARD_LIFE_MS }, environment)
}

/**
 * Makes a card for one session with one device that is connected (SES-3): the one-time prekey of PQXDH.
 * Its secrets stay in memory and are erased after their first use or after {@link ONE_TIME_CARD_LIFE_MS}.
 */
export function createOneTimeCard(
  identity: Omit<CardInput, 'number'>,
  environment: SessionEnvironment,
): Promise<CardWithSecrets> {
  const drawn = environment.rng.bytes(ONE_TIME_NUMBER_BYTES)
  const number = drawn.reduce((sum, byte) => sum * 256 + byte, 0) + FIRST_ONE_TIME_NUMBER
  return makeCard({ ...identity, number, life: ONE_TIME_CARD_LIFE_MS }, environment)
}

/** Whether a card was made for one session. Such a card is never a device's card (SES-21). */
export function isOneTimeCard({ number }: Pick<DeviceCard, 'number'>): boolean {
  return number >= FIRST_ONE_TIME_NUMBER
}

/** Whether the next card is to be made (SES-3); also when others refuse this one as from the future. */
export function isCardDue(
  { createdAt }: Pick<DeviceCard, 'createdAt'>,
  { now }: { readonly now: number },
): boolean {
  return now - createdAt >= CARD_ROTATION_MS || createdAt - now > CLOCK_SKEW_MS
}

async function makeCard(
  {
    signer,
    identityKey,
    number,
    life,
  }: CardInput & {
    /** Milliseconds it stands. */
    readonly life: number
  },
  environment: SessionEnvironment,
): Promise<CardWithSecrets> {
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
    expiresAt: createdAt + life,
  }
  const signature = await signer.sign(signedBytes(body))
  return { card: { ...body, signature }, secrets: { number, createdAt, prekey, kemPrekey } }
}

/**
 * Reads a card and proves it (SES-2): signed by the device it names, not expired, not from the future, and
 * not meant to stand for longer than a card may. By the platform's verifier, see {@link proveCardSignature}.
 *
 * @throws ERR_MALFORMED, ERR_SUITE_UNKNOWN, ERR_CARD_SIGNATURE, ERR_CARD_EXPIRED
 */
export async function verifyDeviceCard(
  card: Uint8Array,
  { now }: { readonly now: number },
  primitives: Pick<Primitives, 'verifyEd25519'>,
): Promise<DeviceCard> {
  const read = deviceCardCodec.decode(card)
  requireInTime(read, { now })
  await proveCardSignature(read, primitives)
  return read
}

/**
 * The same of a card that was read, by the one verifier that is alike everywhere and at once (ID-5).
 *
 * @throws ERR_CARD_SIGNATURE, ERR_CARD_EXPIRED
 */
export function proveDeviceCard(card: DeviceCard, { now }: { readonly now: number }): void {
  requireInTime(card, { now })
  const { publicKey, bytes, signature } = signedPartOf(card)
  if (!verifySignature(publicKey, bytes, signature)) throw unsigned()
}

/** That a card stands now; whoever signed it. @throws ERR_CARD_EXPIRED */
export function requireInTime(card: DeviceCard, { now }: { readonly now: number }): void {
  if (isCardInTime(card, { now })) return
  throw new KithError('ERR_CARD_EXPIRED', 'a device card outside of its time', {
    hint: 'Connect to the device: it gives out a new one.',
  })
}

/**
 * Whether a card stands now (SES-2); whoever signed it. A one-time card stands for minutes, and two clocks
 * may be further apart: it is the answer to a question just asked, so that its device's clock may be behind,
 * too (SES-21).
 */
export function isCardInTime(
  { number, createdAt, expiresAt }: Pick<DeviceCard, 'number' | 'createdAt' | 'expiresAt'>,
  { now }: { readonly now: number },
): boolean {
  const isOneTime = isOneTimeCard({ number })
  const longest = isOneTime ? ONE_TIME_CARD_LIFE_MS : CARD_LIFE_MS
  if (expiresAt - createdAt > longest) return false
  return createdAt <= now + CLOCK_SKEW_MS && now < expiresAt + (isOneTime ? CLOCK_SKEW_MS : 0)
}

/**
 * Proves that the device a card names signed it, whatever its time: enough for the identity key of whoever
 * starts a session, whose prekeys are not used (SES-5). By the platform's verifier: what two verifiers
 * disagree on is a session with who signed it, and nothing else.
 *
 * @throws ERR_CARD_SIGNATURE
 */
export async function proveCardSignature(
  card: DeviceCard,
  primitives: Pick<Primitives, 'verifyEd25519'>,
): Promise<void> {
  if (!(await primitives.verifyEd25519(signedPartOf(card)))) throw unsigned()
}

function signedPartOf(card: DeviceCard): SignedBytes {
  const { device, signature } = card
  return { publicKey: publicKeyOfDevice(device), bytes: signedBytes(card), signature }
}

function unsigned(): KithError {
  return new KithError('ERR_CARD_SIGNATURE', 'a device card its device did not sign')
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
