/** Bounds that events of several concepts share: ids, names, texts, times. */

import { type Shape, text, uint } from '../shape.ts'

/** A text of a message is at most 16 KiB (protocol: content). */
export const TEXT_MAX_BYTES: number = 16 * 1024
/** Longer than every id: `a` and 52 characters of base32, or a peer id of 52. */
export const id: Shape<string> = text({ min: 1, max: 64 })
/** Names given here have at most 64 characters; a peer's may be longer. */
export const name: Shape<string> = text({ max: 256 })
/** A kind, a state or a key. */
export const word: Shape<string> = text({ max: 64 })
/** A sentence for a person. */
export const reason: Shape<string> = text({ max: 1024 })
/** ISO 8601 UTC. */
export const time: Shape<string> = text({ min: 24, max: 24 })
/** Longer than an invite code with two addresses of 160 bytes. */
export const code: Shape<string> = text({ min: 1, max: 4096 })
/** How many, or so many milliseconds. */
export const count: Shape<number> = uint({ max: Number.MAX_SAFE_INTEGER })
