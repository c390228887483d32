/**
 * A session: what two devices share so that one can seal for the other. Steps are pure: a session goes in,
 * a new one comes out. A step that fails leaves the caller with the session it had. Which devices they
 * are is said by the set a session belongs to; `session-cipher.ts` is what the rest of the world uses.
 */

import { equalBytes } from '../codec/bytes.ts'
import { type Envelope, type EnvelopeHead, encodeHead } from '../envelope.ts'
import { type ErrorCode, isKithError, KithError } from '../errors.ts'
import { domainBytes } from '../identity/domain.ts'
import {
  type Agreement,
  acceptAgreement,
  initiateAgreement,
  type OwnIdentity,
  prekeysOf,
} from './agreement.ts'
import {
  type DeviceCard,
  deviceCardCodec,
  type PrekeySecrets,
  proveCardSignature,
  requireInTime,
} from './device-card.ts'
import { MAX_PLAINTEXT_BYTES, openMessage, sealMessage } from './message-seal.ts'
import {
  type Freshness,
  isSameParty,
  type Pair,
  type Party,
  type Scope,
  type SessionEnvironment,
} from './party.ts'
import type { Primitives } from './primitives.ts'
import {
  initiatorRatchet,
  type Ratchet,
  responderRatchet,
  settleReceiving,
  stepReceiving,
  stepSending,
} from './ratchet.ts'

/** One session of two devices, as one of them holds it. Secret: it is stored sealed only. */
export interface Session {
  /** Hash over the identity keys and the KEM prekey it began with, 32 bytes; bound to every message. */
  readonly binding: Uint8Array
  /** EK of the agreement it began with: names the session on both sides. */
  readonly ephemeralKey: Uint8Array
  readonly ratchet: Ratchet
  /** Sent along by the initiator until the peer has answered. */
  readonly agreement?: Agreement
}

/** This device, as its sessions need it. */
export interface OwnDevice extends OwnIdentity {
  readonly party: Party
}

/**
 * Starts a session from the card of a device that may be off (PQXDH §3.3). Nothing is sent yet: the first
 * envelopes sealed with it carry the agreement.
 *
 * @throws ERR_CARD_SIGNATURE, ERR_CARD_EXPIRED, ERR_SESSION_CONTEXT, ERR_KEY_REFUSED
 */
export async function startSession(
  {
    self,
    peer,
    peerCard,
  }: { readonly self: OwnDevice; readonly peer: Party; readonly peerCard: DeviceCard },
  environment: SessionEnvironment,
): Promise<Session> {
  const isTheirs = peerCard.device === peer.device && self.card.device === self.party.device
  if (!isTheirs || peer.device === self.party.device) throw wrongContext()
  const at = environment.clock.now()
  requireInTime(peerCard, { now: at })
  await proveCardSignature(peerCard, environment.primitives)
  const { agreement, sharedKey, binding } = await initiateAgreement({ self, peerCard }, environment)
  const ratchet = initiatorRatchet({ sharedKey, prekey: peerCard.prekey, at })
  return { binding, ephemeralKey: agreement.ephemeralKey, ratchet, agreement }
}

/** What is sealed, and what its envelope says in clear. */
export interface SealInput {
  /** At most {@link MAX_PLAINTEXT_BYTES}. */
  readonly plaintext: Uint8Array
  readonly chat: Scope
  readonly freshness: Freshness
}

/** A session one step on, and the envelope that step made. */
export interface Sealed {
  readonly session: Session
  readonly envelope: Envelope
}

/** Seals a message for the peer (Double Ratchet §3.4). @throws ERR_TOO_LARGE, ERR_SESSION_STATE */
export async function seal(
  session: Session,
  { plaintext, chat, freshness, pair }: SealInput & { readonly pair: Pair },
  environment: SessionEnvironment,
): Promise<Sealed> {
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new KithError('ERR_TOO_LARGE', `a message over ${MAX_PLAINTEXT_BYTES} bytes`)
  }
  const step = await stepSending(session.ratchet, environment)
  if (step === undefined) throw new KithError('ERR_SESSION_STATE', 'a session that cannot send yet')
  const { self: sender, peer: recipient } = pair
  const { agreement } = session
  const fields = { sender, recipient, chat, freshness, header: step.header }
  const head: EnvelopeHead =
    agreement === undefined
      ? { kind: 'ratchet', ...fields }
      : { kind: 'initial', ...fields, agreement }
  const associatedData = associatedDataOf(session.binding, head)
  const message = await sealMessage(
    { messageKey: step.messageKey, plaintext, associatedData },
    environment,
  )
  return {
    session: { ...session, ratchet: step.ratchet },
    envelope: { suite: 1, ...head, message },
  }
}

/** What became of an envelope. Only `opened` has a new session to store. */
export type Opened =
  | { readonly kind: 'opened'; readonly session: Session; readonly plaintext: Uint8Array }
  /**
   * Its key is gone: it was opened before, or it is so late that the key was dropped. Acknowledge it only
   * if its message is held; else say that it cannot be opened.
   */
  | { readonly kind: 'duplicate' }
  /** Not for this session, or tampered with: the session stays as it was. */
  | { readonly kind: 'refused'; readonly code: ErrorCode }

/**
 * Opens an envelope of a session that exists (Double Ratchet §3.5). That it is one of the pair the session
 * belongs to is for the caller to see.
 */
export async function open(
  session: Session,
  { envelope }: { readonly envelope: Envelope },
  environment: SessionEnvironment,
): Promise<Opened> {
  if (!isForSession(session, envelope)) return { kind: 'refused', code: 'ERR_SESSION_CONTEXT' }
  return orRefused(async () => {
    const step = await stepReceiving(session.ratchet, envelope.header, environment)
    if (step.kind === 'spent') return { kind: 'duplicate' }
    if (step.kind === 'refused') return step
    const { message, suite: _, ...head } = envelope
    const associatedData = associatedDataOf(session.binding, head)
    const plaintext = await openMessage(
      { messageKey: step.messageKey, message, associatedData },
      environment.primitives,
    )
    if (plaintext === undefined) return { kind: 'refused', code: 'ERR_SESSION_OPEN' }
    // The peer holds the session now, so the agreement need not be sent along any more.
    const { agreement: _answered, ...rest } = session
    const ratchet = await settleReceiving(step, environment.primitives)
    return { kind: 'opened', session: { ...rest, ratchet }, plaintext }
  })
}

/** What accepting an envelope takes. */
export interface AcceptInput {
  readonly self: OwnDevice
  /** All that are still kept. */
  readonly prekeys: readonly PrekeySecrets[]
  readonly envelope: Envelope
}

/**
 * Opens an initial envelope and thereby makes the session it starts (PQXDH §3.4). Keeps no memory of its
 * own: the set is what accepts an agreement only once (SES-7).
 */
export async function accept(
  { self, prekeys, envelope }: AcceptInput,
  environment: SessionEnvironment,
): Promise<Opened> {
  const isForUs =
    isSameParty(envelope.recipient, self.party) && envelope.sender.device !== self.party.device
  if (envelope.kind !== 'initial' || !isForUs) {
    return { kind: 'refused', code: 'ERR_SESSION_CONTEXT' }
  }
  const { agreement, sender: peer } = envelope
  return orRefused(async () => {
    const initiatorKey = await provenInitiatorKey(agreement, peer, environment.primitives)
    const secrets = prekeysOf(agreement, prekeys)
    const agreed = await acceptAgreement(
      { identityKey: self.identityKey, prekeys: secrets, agreement, initiatorKey },
      environment.primitives,
    )
    const { binding, sharedKey } = agreed
    const { ephemeralKey } = agreement
    const start = { sharedKey, prekey: secrets.prekey, at: environment.clock.now() }
    const session = { binding, ephemeralKey, ratchet: responderRatchet(start) }
    return open(session, { envelope }, environment)
  })
}

/** IK of the initiator, said by the device the envelope names as its sender. */
async function provenInitiatorKey(
  agreement: Agreement,
  initiator: Party,
  primitives: Primitives,
): Promise<Uint8Array> {
  const card = deviceCardCodec.decode(agreement.card)
  if (card.device !== initiator.device) throw wrongContext()
  await proveCardSignature(card, primitives)
  return card.identityKey
}

/** An initial envelope is one of the session only if it carries the agreement the session began with. */
function isForSession({ ephemeralKey }: Session, envelope: Envelope): boolean {
  if (envelope.kind === 'ratchet') return true
  return equalBytes(envelope.agreement.ephemeralKey, ephemeralKey)
}

/** AD ‖ header of §3.4, where the header is all that stands in clear (SES-8). */
function associatedDataOf(binding: Uint8Array, head: EnvelopeHead): Uint8Array {
  return domainBytes('session associated data', binding, encodeHead(head))
}

async function orRefused(attempt: () => Promise<Opened>): Promise<Opened> {
  try {
    return await attempt()
  } catch (error) {
    if (isKithError(error)) return { kind: 'refused', code: error.code }
    throw error
  }
}

function wrongContext(): KithError {
  return new KithError('ERR_SESSION_CONTEXT', 'a card or envelope of another device')
}
