/**
 * The sessions of one pair of devices. There may be several, since both can start at once and either can
 * be restored from a backup; both sides settle by sending on the one that opened something last
 * [signal.org/docs/specifications/sesame, revision 2, §3.1 to §3.4]. Pure: a set goes in, a new one comes out.
 */

import { equalBytes } from '../codec/bytes.ts'
import type { Envelope } from '../envelope.ts'
import { KithError } from '../errors.ts'
import { isSameParty, type Pair } from './party.ts'
import { knowsChain } from './ratchet.ts'
import type { ReplayCache } from './replay-cache.ts'
import type { Session } from './session.ts'
import { MAX_SKIPPED } from './skipped-keys.ts'

/** All that one device keeps for sealing to, and opening from, one other. Secret: it is stored sealed only. */
export interface SessionSet extends Pair {
  /** The one to send on first; at most {@link MAX_SESSIONS}. */
  readonly sessions: readonly Session[]
  /** Agreements of this peer that were accepted. */
  readonly accepted: ReplayCache
}

/** Sesame advises a bound; protocol.md §4 sets it. */
export const MAX_SESSIONS = 5

/** A set without any session yet. @throws ERR_SESSION_CONTEXT when both are one device */
export function createSessionSet({ self, peer }: Pair): SessionSet {
  if (self.device === peer.device) {
    throw new KithError('ERR_SESSION_CONTEXT', 'a device has no session with itself')
  }
  return { self, peer, sessions: [], accepted: [] }
}

/** With a session to send on from now; the one unused for longest goes when there are too many. */
export function withSession(set: SessionSet, session: Session): SessionSet {
  const others = set.sessions.filter((other) => !isSameSession(other, session))
  return { ...set, sessions: withinSkipped([session, ...others].slice(0, MAX_SESSIONS)) }
}

/** Skipped keys of a pair are bounded together (SES-12); those of the sessions used last are kept. */
function withinSkipped(sessions: readonly Session[]): readonly Session[] {
  let left = MAX_SKIPPED
  return sessions.map((session) => {
    const { ratchet } = session
    const over = ratchet.skipped.length - left
    left = Math.max(0, -over)
    if (over <= 0) return session
    return { ...session, ratchet: { ...ratchet, skipped: ratchet.skipped.slice(over) } }
  })
}

/** Whether an envelope goes from the peer of a set to its own device. */
export function isOfPair({ self, peer }: Pair, { sender, recipient }: Envelope): boolean {
  return isSameParty(sender, peer) && isSameParty(recipient, self)
}

/** The sessions worth trying: the one the envelope surely belongs to, else all, the current one first. */
export function candidatesFor({ sessions }: SessionSet, envelope: Envelope): readonly Session[] {
  if (envelope.kind === 'initial') {
    const { ephemeralKey } = envelope.agreement
    return sessions.filter((session) => equalBytes(session.ephemeralKey, ephemeralKey))
  }
  const known = sessions.find(({ ratchet }) => knowsChain(ratchet, envelope.header))
  return known === undefined ? sessions : [known]
}

function isSameSession(a: Session, b: Session): boolean {
  return equalBytes(a.ephemeralKey, b.ephemeralKey)
}
