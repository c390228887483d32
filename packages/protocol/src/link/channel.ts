/**
 * A channel between two devices that both hold one secret: both prove it over everything said so far,
 * then seal what follows (LNK-6 … LNK-9). Noise has authenticated both device keys before; the secret
 * says that the people meant each other, and keeps what is sealed from a recorder with a quantum
 * computer. Linking and inviting are conversations over such a channel.
 *
 *     dialler                                  answerer
 *        │  hello { id of key, nonce, ephemeral }, proof  │
 *        │ ─────────────────────────────────────────────▶ │
 *        │  answer { nonce, ephemeral, greeting }, proof  │
 *        │ ◀───────────────────────────────────────────── │
 *        │  sealed …                                      │
 */

import { x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { equalSecrets } from '../codec/bytes.ts'
import { type Codec, codec } from '../codec/codec.ts'
import { bytes, record } from '../codec/shape.ts'
import type { Rng } from '../environment.ts'
import { domainBytes, type Purpose } from '../identity/domain.ts'
import { type DeviceId, publicKeyOfDevice } from '../ids.ts'
import { readFrame, refusedFrame, writeFrame } from './frame.ts'
import type { RefusalCode, Refused } from './refusal.ts'
import { type SealedChannel, sealedChannel } from './sealed-channel.ts'

/** Keeps channels for different ends apart (ID-2). */
export interface ChannelPurposes {
  readonly proof: Purpose
  readonly transcript: Purpose
  readonly seal: Purpose
}

/** Who speaks with whom. */
export interface ChannelEnds {
  readonly self: DeviceId
  /** As Noise authenticated it. */
  readonly peer: DeviceId
}

/** A key both sides hold, and what names it without giving it away. */
export interface ChannelKey {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 16 bytes. */
  readonly id: Uint8Array
}

/** Both sides have proved the key. */
export interface Proved {
  readonly kind: 'proved'
  readonly channel: SealedChannel
  /** Of all that was said, both devices and both proofs included, 32 bytes: the same on both sides. */
  readonly transcript: Uint8Array
}

/** A dialler that waits for its answer. */
export interface DialledChannel {
  readonly purposes: ChannelPurposes
  readonly ends: ChannelEnds
  readonly key: Uint8Array
  readonly ephemeralSecret: Uint8Array
  readonly transcript: Uint8Array
}

/** What a dialler says. */
interface Hello {
  readonly keyId: Uint8Array
  readonly nonce: Uint8Array
  readonly ephemeral: Uint8Array
}

/** What an answerer says. */
interface Answer {
  readonly nonce: Uint8Array
  readonly ephemeral: Uint8Array
  readonly greeting: Uint8Array
}

/** Room for a name and a kind of device. */
export const MAX_GREETING_BYTES = 512

const helloCodec: Codec<Hello> = codec(
  record({
    keyId: bytes({ length: 16 }),
    nonce: bytes({ length: 32 }),
    ephemeral: bytes({ length: 32 }),
  }),
  { maxBytes: 128 },
)

const answerCodec: Codec<Answer> = codec(
  record({
    nonce: bytes({ length: 32 }),
    ephemeral: bytes({ length: 32 }),
    greeting: bytes({ max: MAX_GREETING_BYTES }),
  }),
  { maxBytes: 128 + MAX_GREETING_BYTES },
)

/** What a dialler begins with. */
export interface Dialling extends ChannelEnds {
  readonly purposes: ChannelPurposes
  readonly key: ChannelKey
  /** 32 bytes that are said first; random when not given. */
  readonly nonce?: Uint8Array
}

/** Begins: proves the key over both devices and the hello. */
export function dialChannel(
  { purposes, key, self, peer, nonce }: Dialling,
  rng: Rng,
): { readonly state: DialledChannel; readonly send: Uint8Array } {
  const ephemeralSecret = rng.bytes(32)
  const ephemeral = x25519.getPublicKey(ephemeralSecret)
  const opening = helloCodec.encode({
    keyId: key.id,
    nonce: nonce ?? rng.bytes(32),
    ephemeral,
  })
  const beginning = beginTranscript(purposes, { dialler: self, answerer: peer }, opening)
  const proof = proofOf(purposes, key.key, { role: 'dialler', transcript: beginning })
  const transcript = extend(purposes, beginning, proof)
  return {
    state: { purposes, ends: { self, peer }, key: key.key, ephemeralSecret, transcript },
    send: writeFrame({ kind: 'hello', opening, proof }),
  }
}

/** What an answerer begins with. */
export interface Answering extends ChannelEnds {
  readonly purposes: ChannelPurposes
  /** The key with an id, or why there is none. */
  readonly keyOf: (id: Uint8Array) => Uint8Array | RefusalCode
  /** What it says about itself, at most 512 bytes. Who dials sees it only after proving the key. */
  readonly greeting: Uint8Array
}

/** Answers a hello: checks its proof, then proves the key over all of both. */
export function answerChannel(
  { purposes, self, peer, keyOf, greeting }: Answering,
  frame: Uint8Array,
  rng: Rng,
):
  | (Proved & {
      readonly keyId: Uint8Array
      /** What the dialler said first, 32 bytes. */
      readonly nonce: Uint8Array
      readonly send: Uint8Array
    })
  | Refused {
  const read = readOpening('hello', frame, helloCodec)
  if (read.kind === 'refused') return read
  const { opening, proof, said } = read
  const key = keyOf(said.keyId)
  if (!(key instanceof Uint8Array)) return refused(key)

  const heard = beginTranscript(purposes, { dialler: peer, answerer: self }, opening)
  if (!equalSecrets(proofOf(purposes, key, { role: 'dialler', transcript: heard }), proof)) {
    return refused('ERR_CODE_WRONG_SECRET')
  }
  const ephemeralSecret = rng.bytes(32)
  const shared = agree(ephemeralSecret, said.ephemeral)
  if (shared === undefined) return refused('ERR_MALFORMED')

  const ephemeral = x25519.getPublicKey(ephemeralSecret)
  const answer = answerCodec.encode({ nonce: rng.bytes(32), ephemeral, greeting })
  const beginning = extend(purposes, extend(purposes, heard, proof), answer)
  const answerProof = proofOf(purposes, key, { role: 'answerer', transcript: beginning })
  const transcript = extend(purposes, beginning, answerProof)
  const channel = sealedChannel({
    role: 'answerer',
    purpose: purposes.seal,
    key,
    shared,
    transcript,
  })
  const send = writeFrame({ kind: 'answer', opening: answer, proof: answerProof })
  return { kind: 'proved', channel, transcript, keyId: said.keyId, nonce: said.nonce, send }
}

/** Reads the answer to a hello: checks that the other side holds the key too. */
export function completeChannel(
  { purposes, key, ephemeralSecret, transcript: said }: DialledChannel,
  frame: Uint8Array,
): (Proved & { readonly greeting: Uint8Array }) | Refused {
  const read = readOpening('answer', frame, answerCodec)
  if (read.kind === 'refused') return read
  const beginning = extend(purposes, said, read.opening)
  const expected = proofOf(purposes, key, { role: 'answerer', transcript: beginning })
  if (!equalSecrets(expected, read.proof)) return refused('ERR_CODE_WRONG_SECRET')
  const shared = agree(ephemeralSecret, read.said.ephemeral)
  if (shared === undefined) return refused('ERR_MALFORMED')
  const transcript = extend(purposes, beginning, read.proof)
  const channel = sealedChannel({
    role: 'dialler',
    purpose: purposes.seal,
    key,
    shared,
    transcript,
  })
  return { kind: 'proved', channel, transcript, greeting: read.said.greeting }
}

/** The end of an attempt before the channel is sealed. */
function refused(code: RefusalCode): Refused {
  return { kind: 'refused', code, send: refusedFrame(code) }
}

interface ReadOpening<T> {
  readonly kind: 'opening'
  readonly opening: Uint8Array
  readonly proof: Uint8Array
  readonly said: T
}

function readOpening<T>(
  kind: 'hello' | 'answer',
  bytes: Uint8Array,
  openingCodec: Codec<T>,
): ReadOpening<T> | Refused {
  const frame = readFrame(bytes)
  if (frame.kind === 'refused') return frame
  if (frame.kind === 'unreadable') return refused(frame.code)
  if (frame.kind !== kind) return refused('ERR_LINK_ORDER')
  try {
    const said = openingCodec.decode(frame.opening)
    return { kind: 'opening', opening: frame.opening, proof: frame.proof, said }
  } catch {
    return refused('ERR_MALFORMED')
  }
}

interface Roles {
  readonly dialler: DeviceId
  readonly answerer: DeviceId
}

/** LNK-6: the transcript begins with both devices in their roles, so that nothing said to one holds for another. */
function beginTranscript(
  purposes: ChannelPurposes,
  { dialler, answerer }: Roles,
  opening: Uint8Array,
): Uint8Array {
  const devices = [publicKeyOfDevice(dialler), publicKeyOfDevice(answerer)]
  return sha256(domainBytes(purposes.transcript, ...devices, opening))
}

function extend(purposes: ChannelPurposes, transcript: Uint8Array, said: Uint8Array): Uint8Array {
  return sha256(domainBytes(purposes.transcript, transcript, said))
}

interface ProofInput {
  readonly role: 'dialler' | 'answerer'
  readonly transcript: Uint8Array
}

/** The role is under the MAC, so that a proof sent back to its maker proves nothing. */
function proofOf(
  purposes: ChannelPurposes,
  key: Uint8Array,
  { role, transcript }: ProofInput,
): Uint8Array {
  const roleByte = Uint8Array.of(role === 'dialler' ? 1 : 2)
  return hmac(sha256, key, domainBytes(purposes.proof, roleByte, transcript))
}

/** Nothing for a point of small order, whose shared secret everybody knows (RFC 7748 §6.1). */
function agree(secret: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(secret, theirs)
  } catch {
    return undefined
  }
}
