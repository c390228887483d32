/** Sessions as bytes, for the store, which seals them: they hold keys in clear. */

import { type Codec, codec } from '../codec/codec.ts'
import { bytes, list, mapped, optional, record, type Shape, suite } from '../codec/shape.ts'
import { agreementShape } from './agreement.ts'
import { partyShape } from './party.ts'
import { ratchetShape } from './ratchet.ts'
import { replayCacheShape } from './replay-cache.ts'
import type { Session } from './session.ts'
import { MAX_SESSIONS, type SessionSet } from './session-set.ts'

const hash = bytes({ length: 32 })

const sessionShape: Shape<Session> = record({
  binding: hash,
  ephemeralKey: hash,
  ratchet: ratchetShape,
  agreement: optional(agreementShape),
})

const setShape: Shape<SessionSet> = record({
  self: partyShape,
  peer: partyShape,
  sessions: list(sessionShape, { max: MAX_SESSIONS }),
  accepted: replayCacheShape,
})

/** 2,000 skipped keys of some 90 bytes, the agreement, and what is under way of the post-quantum ratchet. */
const MAX_SESSION_BYTES = 256 * 1024
/** Five sessions, and 1,024 agreements of some 40 bytes. */
const MAX_SET_BYTES: number = MAX_SESSIONS * MAX_SESSION_BYTES + 64 * 1024

/** All sessions of one pair of devices as bytes. */
export const sessionSetCodec: Codec<SessionSet> = codec(stored(setShape), {
  maxBytes: MAX_SET_BYTES,
})

/** With the suite in front: what was stored by a later version is refused, not misread. */
function stored<T>(shape: Shape<T>): Shape<T> {
  return mapped(
    record({ suite: suite(1), state: shape }),
    (state: T) => ({ suite: 1 as const, state }),
    ({ state }) => state,
  )
}
