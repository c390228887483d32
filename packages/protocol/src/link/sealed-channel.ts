/**
 * What follows the proofs: each message sealed under a key of its direction, bound to its number in it
 * (LNK-8). So messages cannot be read, changed, reordered, repeated or sent back.
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type Codec, codec } from '../codec/codec.ts'
import { bytes, record, text, variants } from '../codec/shape.ts'
import type { Rng } from '../environment.ts'
import { domainBytes, joinBytes, type Purpose } from '../identity/domain.ts'
import { MAX_LINK_FRAME_BYTES, readFrame, writeFrame } from './frame.ts'
import { type RefusalCode, type Refused, refusalCodeOf } from './refusal.ts'

/** One end of a sealed channel. Never changed: each message makes a new one. */
export interface SealedChannel {
  readonly purpose: Purpose
  readonly sendKey: Uint8Array
  readonly receiveKey: Uint8Array
  readonly sent: number
  readonly received: number
}

/** What the keys of a channel come from. */
export interface ChannelSecrets {
  readonly role: 'dialler' | 'answerer'
  readonly purpose: Purpose
  /** From the code, 32 bytes. */
  readonly key: Uint8Array
  /** From X25519, 32 bytes. */
  readonly shared: Uint8Array
  /** Of everything said so far, both proofs included, 32 bytes. */
  readonly transcript: Uint8Array
}

/** LNK-8: one key for each direction, from both secrets, salted with all that was said. */
export function sealedChannel(secrets: ChannelSecrets): SealedChannel {
  const { role, purpose, key, shared, transcript } = secrets
  const direction = (from: number): Uint8Array =>
    hkdf(
      sha256,
      joinBytes(key, shared),
      transcript,
      domainBytes(purpose, Uint8Array.of(from)),
      KEY_BYTES,
    )
  const [fromDialler, fromAnswerer] = [direction(1), direction(2)]
  const [sendKey, receiveKey] =
    role === 'dialler' ? [fromDialler, fromAnswerer] : [fromAnswerer, fromDialler]
  return { purpose, sendKey, receiveKey, sent: 0, received: 0 }
}

const KEY_BYTES = 32
const NONCE_BYTES = 24

type Said =
  | { readonly kind: 'content'; readonly content: Uint8Array }
  | { readonly kind: 'refused'; readonly code: string }

/** What is sealed: a message of the conversation, or its end. */
const saidCodec: Codec<Said> = codec(
  variants('kind', {
    content: record({ content: bytes({ max: MAX_LINK_FRAME_BYTES }) }),
    refused: record({ code: text({ max: 32 }) }),
  }),
  { maxBytes: MAX_LINK_FRAME_BYTES },
)

/** Seals a message. @throws ERR_TOO_LARGE */
export function sealContent(
  channel: SealedChannel,
  content: Uint8Array,
  rng: Rng,
): { readonly channel: SealedChannel; readonly send: Uint8Array } {
  const send = seal(channel, { kind: 'content', content }, rng)
  return { channel: { ...channel, sent: channel.sent + 1 }, send }
}

/** Ends the conversation with a code. */
export function sealRefusal(channel: SealedChannel, code: RefusalCode, rng: Rng): Refused {
  return { kind: 'refused', code, send: seal(channel, { kind: 'refused', code }, rng) }
}

function seal(channel: SealedChannel, said: Said, rng: Rng): Uint8Array {
  // Random, not counted: a caller may take a step twice, and the same nonce twice would be fatal.
  const nonce = rng.bytes(NONCE_BYTES)
  const cipher = xchacha20poly1305(
    channel.sendKey,
    nonce,
    associated(channel.purpose, channel.sent),
  )
  return writeFrame({ kind: 'sealed', nonce, sealed: cipher.encrypt(saidCodec.encode(said)) })
}

/** A message that was opened. */
export interface Opened {
  readonly kind: 'opened'
  readonly channel: SealedChannel
  readonly content: Uint8Array
}

/** Opens the next message of the other side. */
export function openContent(channel: SealedChannel, bytes: Uint8Array, rng: Rng): Opened | Refused {
  const frame = readFrame(bytes)
  // Noise has authenticated who says so, and a refusal only ends what its sender could end by silence.
  if (frame.kind === 'refused') return frame
  if (frame.kind === 'unreadable') return sealRefusal(channel, frame.code, rng)
  if (frame.kind !== 'sealed') return sealRefusal(channel, 'ERR_LINK_ORDER', rng)
  const said = open(channel, frame)
  if (said === undefined) return sealRefusal(channel, 'ERR_LINK_SEAL', rng)
  if (said.kind === 'refused') return { kind: 'refused', code: refusalCodeOf(said.code) }
  return {
    kind: 'opened',
    channel: { ...channel, received: channel.received + 1 },
    content: said.content,
  }
}

interface SealedFrame {
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

function open(channel: SealedChannel, { nonce, sealed }: SealedFrame): Said | undefined {
  const { purpose, receiveKey, received } = channel
  try {
    const cipher = xchacha20poly1305(receiveKey, nonce, associated(purpose, received))
    return saidCodec.decode(cipher.decrypt(sealed))
  } catch {
    return undefined
  }
}

function associated(purpose: Purpose, number: number): Uint8Array {
  return domainBytes(purpose, Uint8Array.of(number))
}
