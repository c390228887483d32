/**
 * A session written down a second time, from docs/spec/ses.md alone. It knows what both sides know and
 * takes from the randomness of a step what happened: 32 bytes are a turn, 32 more an answer, 64 an offer.
 */

import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { agree, hkdf, hmac, publicKeyOf, sha256 } from './algorithms.ts'
import { domain, type Item, joined } from './bytes.ts'

/** SES-4: all four secrets in, key and binding out. */
export function agreementKeys(secrets: readonly Uint8Array[]): Uint8Array {
  return hkdf({
    secret: joined(new Uint8Array(32).fill(0xff), ...secrets),
    salt: new Uint8Array(32),
    info: domain('session agreement', joined('CURVE25519_SHA-256_ML-KEM-768')),
    length: 32,
  })
}

/** SES-4: what every message of the session is bound to. */
export function bindingOf(
  initiator: Uint8Array,
  responder: Uint8Array,
  kemPrekey: Uint8Array,
): Uint8Array {
  const [curve, kem] = [Uint8Array.of(0x05), Uint8Array.of(0x0a)]
  return sha256(domain('session binding'), curve, initiator, curve, responder, kem, kemPrekey)
}

/** What one side last said, and how far. */
interface Said {
  readonly secret: Uint8Array
  readonly key: Uint8Array
  readonly chainKey: Uint8Array
  readonly number: number
  readonly previousLength: number
  /** Seed of the KEM key on offer, or the ciphertext that answers one. */
  readonly offered?: Uint8Array | undefined
  readonly answer?: Uint8Array | undefined
}

/** A session as somebody sees it who holds the secrets of both. */
export interface ReferenceSession {
  readonly rootKey: Uint8Array
  readonly sides: Readonly<Record<string, Said | undefined>>
}

/** After the agreement: the responder has said its prekey, the initiator nothing. */
export function begin(
  sharedKey: Uint8Array,
  responder: string,
  prekeySecret: Uint8Array,
): ReferenceSession {
  const said = saying(prekeySecret, new Uint8Array(), 0)
  return { rootKey: sharedKey, sides: { [responder]: said } }
}

function saying(secret: Uint8Array, chainKey: Uint8Array, previousLength: number): Said {
  const key = publicKeyOf('x25519', secret)
  return { secret, key, chainKey, number: 0, previousLength }
}

/** A message on its way, and the keys it took. */
export interface Spoken {
  readonly session: ReferenceSession
  readonly header: {
    readonly ratchetKey: Uint8Array
    readonly previousLength: number
    readonly number: number
    readonly pq?: PqSpoken
  }
  readonly turn?: {
    readonly dh: Uint8Array
    readonly kemSecret?: Uint8Array
    readonly rootKey: Uint8Array
  }
  readonly messageKey: Uint8Array
  readonly nextChainKey: Uint8Array
}

type PqSpoken =
  | { readonly kind: 'offer'; readonly key: Uint8Array }
  | { readonly kind: 'answer'; readonly ciphertext: Uint8Array }

/** The next message of one side (SES-12, SES-31, SES-33). */
export function speak(
  before: ReferenceSession,
  names: { readonly by: string; readonly to: string },
  drawn: readonly Uint8Array[],
): Spoken {
  const { by, to } = names
  const [first, second] = drawn.filter(({ length }) => length === 32)
  const turned = first === undefined ? undefined : turnOf(before, names, { first, second })
  const rootKey = turned?.turn.rootKey ?? before.rootKey
  const said = turned?.said ?? before.sides[by]
  if (said === undefined) throw new Error('a turn expected')
  const offered = drawn.find(({ length }) => length === 64) ?? said.offered
  const { chainKey, number, previousLength, key } = said
  const messageKey = hmac(chainKey, domain('session message'))
  const nextChainKey = hmac(chainKey, domain('session chain'))
  const pq = pqOf(said, offered)
  const next: Said = { ...said, offered, chainKey: nextChainKey, number: number + 1 }
  // An answer is the end of the offer it is for.
  const other = turned?.turn.kemSecret && before.sides[to]
  const sides = {
    ...before.sides,
    [by]: next,
    ...(other && { [to]: { ...other, offered: undefined } }),
  }
  return {
    session: { rootKey, sides },
    header: { ratchetKey: key, previousLength, number, ...(pq && { pq }) },
    ...(turned && { turn: turned.turn }),
    messageKey,
    nextChainKey,
  }
}

function pqOf({ answer }: Said, offered: Uint8Array | undefined): PqSpoken | undefined {
  if (offered !== undefined) return { kind: 'offer', key: ml_kem768.keygen(offered).publicKey }
  return answer && { kind: 'answer', ciphertext: answer }
}

function turnOf(
  { rootKey: salt, sides }: ReferenceSession,
  { by, to }: { readonly by: string; readonly to: string },
  drawn: { readonly first: Uint8Array; readonly second: Uint8Array | undefined },
) {
  const theirs = sides[to]
  if (theirs === undefined) throw new Error('somebody to answer expected')
  const { first, second } = drawn
  const dh = agree(first, theirs.key)
  const kem =
    second && theirs.offered
      ? ml_kem768.encapsulate(ml_kem768.keygen(theirs.offered).publicKey, second)
      : undefined
  const derived = kem
    ? hkdf({ secret: joined(dh, kem.sharedSecret), salt, info: HYBRID, length: 64 })
    : hkdf({ secret: dh, salt, info: domain('session root'), length: 64 })
  const rootKey = derived.slice(0, 32)
  // A side counts what it said itself: a prekey that it never sent on counts nothing.
  const before = sides[by]
  const said = saying(first, derived.slice(32), before?.number ?? 0)
  return {
    said: { ...said, offered: before?.offered, answer: kem?.cipherText },
    turn: { dh, ...(kem && { kemSecret: kem.sharedSecret }), rootKey },
  }
}

const HYBRID = domain('session root', joined('ML-KEM-768'))

/** SES-10. */
export function sealKeys(messageKey: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array) {
  const info = domain('session commitment', sha256(associatedData))
  const derived = hkdf({ secret: messageKey, salt: nonce, info, length: 64 })
  return { key: derived.slice(0, 32), commitment: derived.slice(32) }
}

/** The header as it stands in an envelope. */
export function headerItem({ ratchetKey, previousLength, number, pq }: Spoken['header']): Item {
  const carried: Item =
    pq === undefined ? null : [pq.kind, [pq.kind === 'offer' ? pq.key : pq.ciphertext]]
  return [ratchetKey, previousLength, number, carried]
}
