/**
 * Sealing for one other device, and opening what it sealed. State in, state out: the cipher keeps nothing,
 * and what a step yields is handed out only together with the state that has to be stored with it (SES-11).
 */

import type { Envelope } from '../envelope.ts'
import { type ErrorCode, KithError } from '../errors.ts'
import type { Agreement } from './agreement.ts'
import type { DeviceCard, PrekeySecrets } from './device-card.ts'
import { isSameParty, type SessionEnvironment } from './party.ts'
import { forgetErased, isReplayed, rememberAgreement } from './replay-cache.ts'
import {
  accept,
  type OwnDevice,
  open,
  type SealInput,
  type Session,
  seal,
  startSession,
} from './session.ts'
import { candidatesFor, isOfPair, type SessionSet, withSession } from './session-set.ts'

/**
 * What a step yields, and the state it leads to. The one is not to be had without the other: both belong
 * into one batch, and nothing is sent, shown or acknowledged before that batch is on the disk.
 *
 * A crash before the batch then sends nothing, and one after it sends the same bytes again.
 */
export interface Step<T> {
  /** Calls `batch` once with both, and returns what it returns. */
  into<R>(batch: (state: SessionSet, yielded: T) => R): R
}

/** What became of a message to be sealed. */
export type Sealing =
  | { readonly kind: 'sealed'; readonly step: Step<Envelope> }
  /** Start one from the peer's card, and seal again. */
  | { readonly kind: 'no-session' }

/** What was in an envelope. */
export interface OpenedMessage {
  readonly plaintext: Uint8Array
  /** Number of the card the peer began with, when this envelope made its session. */
  readonly startedFrom?: number
}

/** What became of an arriving envelope. Only `opened` leads to a new state. */
export type Opening =
  | { readonly kind: 'opened'; readonly step: Step<OpenedMessage> }
  /**
   * Its key is gone, or its session was accepted before: acknowledge it only if its message is held, else
   * say that it cannot be opened (SES-15).
   */
  | { readonly kind: 'duplicate' }
  /** Not for this pair, or tampered with. */
  | { readonly kind: 'refused'; readonly code: ErrorCode }

/** What opening an envelope takes. */
export interface OpenInput {
  readonly self: OwnDevice
  /** All that are still kept, for envelopes that start a session. */
  readonly prekeys: readonly PrekeySecrets[]
  readonly envelope: Envelope
}

/** Message encryption between two devices. */
export interface SessionCipher {
  /**
   * With a new session, started from the card of a peer that may be off. It is the one to seal on from now.
   *
   * @throws ERR_CARD_SIGNATURE, ERR_CARD_EXPIRED, ERR_SESSION_CONTEXT, ERR_KEY_REFUSED
   */
  start(
    state: SessionSet,
    input: { readonly self: OwnDevice; readonly peerCard: DeviceCard },
  ): Promise<SessionSet>
  /** Seals on the session that opened something last. @throws ERR_TOO_LARGE */
  seal(state: SessionSet, input: SealInput): Promise<Sealing>
  /** Opens by whichever session can, or by the one the envelope starts. Throws nothing of the peer's doing. */
  open(state: SessionSet, input: OpenInput): Promise<Opening>
}

/**
 * The cipher of PQXDH and the Double Ratchet.
 *
 * @example
 * ```ts
 * const cipher = createSessionCipher({ primitives: noblePrimitives, rng, clock })
 * const state = await cipher.start(createSessionSet({ self: ada.party, peer: ben.party }), {
 *   self: ada,
 *   peerCard,
 * })
 * const sealing = await cipher.seal(state, { plaintext, chat, freshness })
 * if (sealing.kind === 'sealed') {
 *   await sealing.step.into((next, envelope) => storeAndSend(next, envelope))
 * }
 * ```
 */
export function createSessionCipher(environment: SessionEnvironment): SessionCipher {
  return {
    start: (state, input) => start(state, input, environment),
    seal: (state, input) => sealOn(state, input, environment),
    open: (state, input) => openBy(state, input, environment),
  }
}

async function start(
  state: SessionSet,
  { self, peerCard }: Parameters<SessionCipher['start']>[1],
  environment: SessionEnvironment,
): Promise<SessionSet> {
  if (!isSameParty(self.party, state.self)) {
    throw new KithError('ERR_SESSION_CONTEXT', 'a session of another pair of devices')
  }
  return withSession(state, await startSession({ self, peer: state.peer, peerCard }, environment))
}

async function sealOn(
  state: SessionSet,
  input: SealInput,
  environment: SessionEnvironment,
): Promise<Sealing> {
  const [current, ...others] = state.sessions
  if (current === undefined) return { kind: 'no-session' }
  const { session, envelope } = await seal(current, { ...input, pair: state }, environment)
  return { kind: 'sealed', step: step({ ...state, sessions: [session, ...others] }, envelope) }
}

async function openBy(
  state: SessionSet,
  input: OpenInput,
  environment: SessionEnvironment,
): Promise<Opening> {
  const { envelope } = input
  if (!isOfPair(state, envelope)) return { kind: 'refused', code: 'ERR_SESSION_CONTEXT' }
  const candidates = candidatesFor(state, envelope)
  if (envelope.kind === 'ratchet' || candidates.length > 0) {
    return openByFirst(state, { envelope, candidates }, environment)
  }
  return acceptInto(state, { ...input, agreement: envelope.agreement }, environment)
}

async function openByFirst(
  state: SessionSet,
  tried: { readonly envelope: Envelope; readonly candidates: readonly Session[] },
  environment: SessionEnvironment,
): Promise<Opening> {
  let outcome: Opening = { kind: 'refused', code: 'ERR_SESSION_OPEN' }
  for (const candidate of tried.candidates) {
    const opened = await open(candidate, tried, environment)
    if (opened.kind === 'opened') {
      const { session, plaintext } = opened
      return { kind: 'opened', step: step(withSession(state, session), { plaintext }) }
    }
    outcome = opened
  }
  return outcome
}

/** A session that is not here yet, unless it was and is gone: then its first messages are replays (SES-7). */
async function acceptInto(
  state: SessionSet,
  { agreement, ...input }: OpenInput & { readonly agreement: Agreement },
  environment: SessionEnvironment,
): Promise<Opening> {
  const known = forgetErased(state.accepted, input.prekeys)
  if (isReplayed(known, agreement.ephemeralKey)) return { kind: 'duplicate' }
  const accepted = rememberAgreement(known, agreement)
  if (accepted === undefined) return { kind: 'refused', code: 'ERR_SESSION_REPLAY' }
  const opened = await accept(input, environment)
  if (opened.kind !== 'opened') return opened
  const { session, plaintext } = opened
  const message = { plaintext, startedFrom: agreement.prekeyNumber }
  return { kind: 'opened', step: step(withSession({ ...state, accepted }, session), message) }
}

function step<T>(state: SessionSet, yielded: T): Step<T> {
  return { into: (batch) => batch(state, yielded) }
}
