/**
 * The post-quantum half of the ratchet: a plain ML-KEM-768 exchange beside the X25519 turns, as the rekeying
 * of PQ3 [security.apple.com/blog/imessage-pq3] and, for the reasons, the Sparse Post-Quantum Ratchet of
 * Signal [signal.org/docs/specifications/doubleratchet, revision 4, §5]. That one runs on its own and is joined
 * message by message (§6, the Triple Ratchet); here, as in PQ3, the root takes the secrets in. One side
 * offers a key, the other answers with a ciphertext on its next turn, and that turn's root step takes both
 * secrets in. Then it is the other side that offers. Whoever records everything and copies a state once is
 * shut out again after one exchange, also with a quantum computer (SES-30 … SES-34).
 *
 * Key and ciphertext are carried by every message until the peer is known to have them, so none of them
 * has to arrive. All steps are pure: a state goes in, a new one comes out.
 */

import { bool, bytes, optional, record, type Shape, uint, variants } from '../codec/shape.ts'
import { isMlKemPublicKey } from './ml-kem-key.ts'
import type { SessionEnvironment } from './party.ts'
import {
  KEM_CIPHERTEXT_BYTES,
  KEM_PUBLIC_KEY_BYTES,
  KEM_RANDOMNESS_BYTES,
  KEM_SEED_BYTES,
  type KeyPair,
} from './primitives.ts'

/**
 * An offer is due after so many turns of either side since the last secret was taken in: PQ3's pace. An exchange is
 * 2.3 kB and 1.2 ms; with ten turns between, it would outweigh both the texts and the X25519 of a conversation.
 */
export const PQ_DUE_TURNS = 50
/** Or after that long, by the clock of the side that is to offer. */
export const PQ_DUE_MS: number = 24 * 3_600_000

/** What one side knows of the exchange. At most one of `offered`, `toAnswer` and `answer` is there. */
export interface PqRatchet {
  /** Whether it is this side that offers next. Told after each exchange by who answered. */
  readonly mayOffer: boolean
  /** Turns of either side since the last secret was taken in. */
  readonly turns: number
  /** When that was: milliseconds since 1970 UTC. */
  readonly at: number
  /** Our key, offered and not answered yet. */
  readonly offered?: KeyPair
  /** The peer's key, to be answered on our next turn. */
  readonly toAnswer?: Uint8Array
  /** Our answer, carried by the whole of our current chain: the peer turns only once it has it. */
  readonly answer?: Uint8Array
}

/** What a message carries of it, in clear and bound (SES-8). */
export type PqHeader =
  /** An ML-KEM-768 key of the sender. */
  | { readonly kind: 'offer'; readonly key: Uint8Array }
  /** A ciphertext to the key the recipient had offered; its secret went into the turn of this chain. */
  | { readonly kind: 'answer'; readonly ciphertext: Uint8Array }

/** At the start: the agreement used a KEM key of the responder, so the initiator offers next (SES-30). */
export function startPqRatchet(role: 'initiator' | 'responder', at: number): PqRatchet {
  return { mayOffer: role === 'initiator', turns: 0, at }
}

/** What every message of ours carries now. */
export function pqHeaderOf({ offered, answer }: PqRatchet): PqHeader | undefined {
  if (offered !== undefined) return { kind: 'offer', key: offered.publicKey }
  if (answer !== undefined) return { kind: 'answer', ciphertext: answer }
  return undefined
}

/** With a fresh key on offer, if one is due. */
export async function offerWhenDue(
  pq: PqRatchet,
  { primitives, rng, clock }: SessionEnvironment,
): Promise<PqRatchet> {
  const isFree = pq.mayOffer && pq.offered === undefined && pq.answer === undefined
  const isDue = pq.turns >= PQ_DUE_TURNS || clock.now() - pq.at >= PQ_DUE_MS
  if (!isFree || !isDue) return pq
  return { ...pq, offered: await primitives.mlKem768.keyPair(rng.bytes(KEM_SEED_BYTES)) }
}

/** The state behind a turn, and the secret that goes into its root step, if there is one. */
export interface PqTurn {
  readonly pq: PqRatchet
  readonly secret?: Uint8Array
}

/** Our own turn: answers the peer's key, if it offered one. */
export async function answerOnTurn(
  pq: PqRatchet,
  { primitives, rng, clock }: SessionEnvironment,
): Promise<PqTurn> {
  const { toAnswer, ...rest } = pq
  if (toAnswer === undefined) return { pq: { ...pq, turns: pq.turns + 1 } }
  const randomness = rng.bytes(KEM_RANDOMNESS_BYTES)
  const { ciphertext, sharedSecret } = await primitives.mlKem768.encapsulate(toAnswer, randomness)
  // Who answered offers next.
  const mixed = { ...rest, mayOffer: true, turns: 0, at: clock.now(), answer: ciphertext }
  return { pq: mixed, secret: sharedSecret }
}

/**
 * The peer's turn: takes in its answer, if it gave one. A peer that turned has seen our chain, so our own
 * answer need not be carried any longer. Undefined for an answer to nothing.
 */
export async function answeredOnTurn(
  pq: PqRatchet,
  header: PqHeader | undefined,
  { primitives, clock }: Pick<SessionEnvironment, 'primitives' | 'clock'>,
): Promise<PqTurn | undefined> {
  const { answer: _arrived, offered, ...rest } = pq
  if (header?.kind !== 'answer') return { pq: { ...withOffer(rest, offered), turns: pq.turns + 1 } }
  if (offered === undefined) return undefined
  const secret = await primitives.mlKem768.decapsulate(offered.secretKey, header.ciphertext)
  return { pq: { ...rest, mayOffer: false, turns: 0, at: clock.now() }, secret }
}

function withOffer(pq: PqRatchet, offered: KeyPair | undefined): PqRatchet {
  return offered === undefined ? pq : { ...pq, offered }
}

/**
 * With the key that a message of the peer's current chain offers. Earlier chains are not asked: what was
 * offered there is answered long since (SES-32). Undefined when it is no key (FIPS 203 §7.2).
 */
export function noteOffer(pq: PqRatchet, header: PqHeader | undefined): PqRatchet | undefined {
  if (header?.kind !== 'offer' || pq.mayOffer || pq.toAnswer !== undefined) return pq
  return isMlKemPublicKey(header.key) ? { ...pq, toAnswer: header.key } : undefined
}

const keyShape = bytes({ length: KEM_PUBLIC_KEY_BYTES })
const ciphertextShape = bytes({ length: KEM_CIPHERTEXT_BYTES })

/** Shape of a {@link PqHeader}. */
export const pqHeaderShape: Shape<PqHeader> = variants('kind', {
  offer: record({ key: keyShape }),
  answer: record({ ciphertext: ciphertextShape }),
})

/** Shape of a {@link PqRatchet}. */
export const pqRatchetShape: Shape<PqRatchet> = record({
  mayOffer: bool(),
  turns: uint(),
  at: uint(),
  offered: optional(record({ publicKey: keyShape, secretKey: bytes({ length: KEM_SEED_BYTES }) })),
  toAnswer: optional(keyShape),
  answer: optional(ciphertextShape),
})
