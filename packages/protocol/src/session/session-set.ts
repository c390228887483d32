/**
 * The sessions of one pair of devices. There may be several, since both can start at once and either can
 * be restored from a backup; both sides settle by sending on the one that opened something last
 * [signal.org/docs/specifications/sesame, §3.1–§3.4]. Pure: a set goes in, a new one comes out.
 */

import { equalBytes } from '../codec/bytes.ts'
import type { Envelope } from '../envelope.ts'
import { type ErrorCode, KithError } from '../errors.ts'
import type { Agreement } from './agreement.ts'
import type { PrekeySecrets } from './device-card.ts'
import { isSameParty, type Party, type SessionEnvironment } from './party.ts'
import { knowsChain } from './ratchet.ts'
import { forgetErased, isReplayed, type ReplayCache, rememberAgreement } from './replay-cache.ts'
import { accept, type OwnDevice, open, type SealInput, type Session, seal } from './session.ts'

/** All that one device keeps for sealing to, and opening from, one other. */
export interface SessionSet {
  readonly self: Party
  readonly peer: Party
  /** The one to send on first; at most {@link MAX_SESSIONS}. */
  readonly sessions: readonly Session[]
  /** Agreements of this peer that were accepted. */
  readonly accepted: ReplayCache
}

/** Sesame advises a bound; protocol.md §4 sets it. */
export const MAX_SESSIONS = 5

/** A set without any session yet. @throws ERR_SESSION_CONTEXT when both are one device */
export function createSessionSet({ self, peer }: Pick<SessionSet, 'self' | 'peer'>): SessionSet {
  if (self.device === peer.device) {
    throw new KithError('ERR_SESSION_CONTEXT', 'a device has no session with itself')
  }
  return { self, peer, sessions: [], accepted: [] }
}

/** With a session to send on from now; the one unused for longest goes when there are too many. */
export function withSession(set: SessionSet, session: Session): SessionSet {
  if (!isSameParty(session.self, set.self) || !isSameParty(session.peer, set.peer)) {
    throw new KithError('ERR_SESSION_CONTEXT', 'a session of another pair of devices')
  }
  const others = set.sessions.filter((other) => !isSameSession(other, session))
  return { ...set, sessions: [session, ...others].slice(0, MAX_SESSIONS) }
}

/** What became of a message to be sealed. */
export type SealedTo =
  /** Store `set` before `envelope` is sent. */
  | { readonly kind: 'sealed'; readonly set: SessionSet; readonly envelope: Envelope }
  /** Start one from the peer's card, put it in by {@link withSession}, and seal again. */
  | { readonly kind: 'no-session' }

/** Seals on the session that opened something last. @throws ERR_TOO_LARGE */
export async function sealTo(
  set: SessionSet,
  input: SealInput,
  environment: SessionEnvironment,
): Promise<SealedTo> {
  const [current, ...others] = set.sessions
  if (current === undefined) return { kind: 'no-session' }
  const { session, envelope } = await seal(current, input, environment)
  return { kind: 'sealed', set: { ...set, sessions: [session, ...others] }, envelope }
}

/** What became of an arriving envelope. */
export type OpenedFrom =
  /** Store `set` together with the message before it is acknowledged. */
  | { readonly kind: 'opened'; readonly set: SessionSet; readonly plaintext: Uint8Array }
  /** Its key is gone, or its session was accepted before: acknowledge it only if its message is held. */
  | { readonly kind: 'duplicate' }
  /** The set stays as it was. */
  | { readonly kind: 'refused'; readonly code: ErrorCode }

/** What opening an envelope takes. */
export interface OpenInput {
  readonly self: OwnDevice
  /** All that are still kept, for envelopes that start a session. */
  readonly prekeys: readonly PrekeySecrets[]
  readonly envelope: Envelope
}

/** Opens an envelope by whichever session can, or by the one it starts. Throws nothing of the peer's doing. */
export async function openFrom(
  set: SessionSet,
  input: OpenInput,
  environment: SessionEnvironment,
): Promise<OpenedFrom> {
  const { envelope } = input
  const isPair = isSameParty(envelope.sender, set.peer) && isSameParty(envelope.recipient, set.self)
  if (!isPair) return { kind: 'refused', code: 'ERR_SESSION_CONTEXT' }
  const candidates = candidatesFor(set.sessions, envelope)
  if (envelope.kind === 'ratchet' || candidates.length > 0) {
    return openByFirst(set, { envelope, candidates }, environment)
  }
  return acceptInto(set, { ...input, agreement: envelope.agreement }, environment)
}

/** The sessions worth trying: the one the envelope surely belongs to, else all, the current one first. */
function candidatesFor(sessions: readonly Session[], envelope: Envelope): readonly Session[] {
  if (envelope.kind === 'initial') {
    const { ephemeralKey } = envelope.agreement
    return sessions.filter((session) => equalBytes(session.ephemeralKey, ephemeralKey))
  }
  const known = sessions.find(({ ratchet }) => knowsChain(ratchet, envelope.header))
  return known === undefined ? sessions : [known]
}

async function openByFirst(
  set: SessionSet,
  tried: { readonly envelope: Envelope; readonly candidates: readonly Session[] },
  environment: SessionEnvironment,
): Promise<OpenedFrom> {
  let outcome: OpenedFrom = { kind: 'refused', code: 'ERR_SESSION_OPEN' }
  for (const candidate of tried.candidates) {
    const opened = await open(candidate, tried, environment)
    if (opened.kind === 'opened') {
      const { session, plaintext } = opened
      return { kind: 'opened', set: withSession(set, session), plaintext }
    }
    outcome = opened
  }
  return outcome
}

/** A session that is not here yet, unless it was and is gone: then its first messages are replays (SES-7). */
async function acceptInto(
  set: SessionSet,
  { agreement, ...input }: OpenInput & { readonly agreement: Agreement },
  environment: SessionEnvironment,
): Promise<OpenedFrom> {
  const known = forgetErased(set.accepted, input.prekeys)
  if (isReplayed(known, agreement.ephemeralKey)) return { kind: 'duplicate' }
  const accepted = rememberAgreement(known, agreement)
  if (accepted === undefined) return { kind: 'refused', code: 'ERR_SESSION_REPLAY' }
  const opened = await accept(input, environment)
  if (opened.kind !== 'opened') return opened
  const { session, plaintext } = opened
  return { kind: 'opened', set: withSession({ ...set, accepted }, session), plaintext }
}

function isSameSession(a: Session, b: Session): boolean {
  return equalBytes(a.ephemeralKey, b.ephemeralKey)
}
