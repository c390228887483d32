/** The frames of linking and inviting, one per message of the stream. */

import { type Codec, codec } from '../codec/codec.ts'
import { bytes, record, suited, text, variants } from '../codec/shape.ts'
import { isKithError } from '../errors.ts'
import { type RefusalCode, type Refused, refusalCodeOf } from './refusal.ts'

/**
 * The longest frame of linking and inviting, in bytes: a device log of 1 MiB, or an account's snapshot
 * of 1 MiB with its epoch keys, and what stands around it. Also the limit of the stream they go over.
 */
export const MAX_LINK_FRAME_BYTES: number = (1 << 20) + (1 << 18) + (1 << 16)
/** What sealing and framing add at most, in bytes. */
const FRAME_OVERHEAD_BYTES = 256

/** SHA-256, HMAC, X25519, XChaCha20-Poly1305. */
const CHANNEL_SUITE = 1

/** A frame as it is written. */
export type Frame =
  | { readonly kind: 'hello'; readonly opening: Uint8Array; readonly proof: Uint8Array }
  | { readonly kind: 'answer'; readonly opening: Uint8Array; readonly proof: Uint8Array }
  | { readonly kind: 'sealed'; readonly nonce: Uint8Array; readonly sealed: Uint8Array }
  | { readonly kind: 'refused'; readonly code: string }

const opening = record({ opening: bytes({ max: 1024 }), proof: bytes({ length: 32 }) })

const frameCodec: Codec<Frame> = codec(
  suited(
    CHANNEL_SUITE,
    variants('kind', {
      hello: opening,
      answer: opening,
      sealed: record({
        nonce: bytes({ length: 24 }),
        sealed: bytes({ max: MAX_LINK_FRAME_BYTES - FRAME_OVERHEAD_BYTES }),
      }),
      refused: record({ code: text({ max: 32 }) }),
    }),
  ),
  { maxBytes: MAX_LINK_FRAME_BYTES },
)

/** The bytes of a frame. @throws ERR_TOO_LARGE */
export function writeFrame(frame: Frame): Uint8Array {
  return frameCodec.encode(frame)
}

/** A refusal in the clear: before there are keys to seal it with. */
export function refusedFrame(code: RefusalCode): Uint8Array {
  return writeFrame({ kind: 'refused', code })
}

/** Bytes that are no frame. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly code: RefusalCode
}

/** Reads a frame; a refusal is read as the outcome it is. Never throws. */
export function readFrame(
  frame: Uint8Array,
): Exclude<Frame, { readonly kind: 'refused' }> | Refused | Unreadable {
  try {
    const read = frameCodec.decode(frame)
    return read.kind === 'refused' ? { kind: 'refused', code: refusalCodeOf(read.code) } : read
  } catch (error) {
    const code = isKithError(error, 'ERR_SUITE_UNKNOWN') ? 'ERR_SUITE_UNKNOWN' : 'ERR_MALFORMED'
    return { kind: 'unreadable', code }
  }
}
