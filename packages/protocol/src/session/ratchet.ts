/**
 * The Double Ratchet [signal.org/docs/specifications/doubleratchet, revision 4]: state in, new state out.
 * Names in comments (RK, DHs, CKr, PN …) are those of §3.2. The new ratchet key is made when something is
 * sent, not when something arrives (§8.5): a burst costs no X25519.
 */

import { equalBytes } from '../codec/bytes.ts'
import { bytes, optional, record, type Shape, uint } from '../codec/shape.ts'
import type { ErrorCode } from '../errors.ts'
import { type Chain, chainShape, runAhead, stepChain, stepRoot } from './chain.ts'
import { createKeyPair, type SessionEnvironment } from './party.ts'
import { keysOfPassed, type PassedOver, passOver } from './passed-over.ts'
import {
  answeredOnTurn,
  answerOnTurn,
  noteOffer,
  offerWhenDue,
  type PqHeader,
  type PqRatchet,
  pqHeaderOf,
  pqHeaderShape,
  pqRatchetShape,
  startPqRatchet,
} from './pq-ratchet.ts'
import type { KeyPair, Primitives } from './primitives.ts'
import {
  addSkipped,
  dropOldSkipped,
  isChainSkipped,
  type SkippedAge,
  type SkippedKeys,
  skippedKeysShape,
  takeSkipped,
} from './skipped-keys.ts'

/** State of one side (§3.2). */
export interface Ratchet {
  /** RK. */
  readonly rootKey: Uint8Array
  /** DHs: our ratchet key, as the peer knows it. Missing with an initiator that has not sent yet. */
  readonly ours?: KeyPair
  /** DHr: the peer's. Missing with a responder that has not opened anything yet. */
  readonly theirs?: Uint8Array
  /** CKs and Ns. Missing when it is our turn to make a new ratchet key. */
  readonly sending?: Chain
  /** CKr and Nr. */
  readonly receiving?: Chain
  /** PN: messages in our sending chain before this one. */
  readonly previousLength: number
  /** MKSKIPPED. */
  readonly skipped: SkippedKeys
  /** Messages opened so far, by which skipped keys age. */
  readonly opened: number
  /** The ML-KEM-768 exchange beside the turns. */
  readonly pq: PqRatchet
}

/** Stands before every message in clear, bound to it (§3.4). */
export interface RatchetHeader {
  /** DHs of the sender: names the chain. */
  readonly ratchetKey: Uint8Array
  /** PN. */
  readonly previousLength: number
  /** N: the message's number in its chain. */
  readonly number: number
  /** Present while there is a KEM key to offer, or an answer to one to give. */
  readonly pq?: PqHeader
}

/** What a ratchet begins with, besides SK. */
export interface RatchetStart<Prekey> {
  readonly sharedKey: Uint8Array
  readonly prekey: Prekey
  /** Milliseconds since 1970 UTC. */
  readonly at: number
}

/** RatchetInitAlice (§3.3) with Bob's signed prekey; her first key pair is made when she sends. */
export function initiatorRatchet({ sharedKey, prekey, at }: RatchetStart<Uint8Array>): Ratchet {
  return { ...FRESH, rootKey: sharedKey, theirs: prekey, pq: startPqRatchet('initiator', at) }
}

/** RatchetInitBob (§3.3): his signed prekey is his first ratchet key (§7.1). */
export function responderRatchet({ sharedKey, prekey, at }: RatchetStart<KeyPair>): Ratchet {
  return { ...FRESH, rootKey: sharedKey, ours: prekey, pq: startPqRatchet('responder', at) }
}

const FRESH = { previousLength: 0, skipped: [], opened: 0 } as const

/** What sending one message takes. */
export interface SendingStep {
  readonly ratchet: Ratchet
  readonly header: RatchetHeader
  readonly messageKey: Uint8Array
}

/** The first half of RatchetEncrypt (§3.4): header and key of the next message. */
export async function stepSending(
  before: Ratchet,
  environment: SessionEnvironment,
): Promise<SendingStep | undefined> {
  const ratchet = await turnSending(before, environment)
  if (ratchet === undefined) return undefined
  const { ours, sending, previousLength } = ratchet
  const pq = await stepPq(ratchet, environment)
  const { messageKey, next } = await stepChain(sending, environment.primitives)
  const header = { ratchetKey: ours.publicKey, previousLength, number: sending.number }
  const carried = pqHeaderOf(pq)
  return {
    ratchet: { ...ratchet, sending: next, pq },
    header: carried === undefined ? header : { ...header, pq: carried },
    messageKey,
  }
}

/** An offer is of use only to a peer that has answered once: until then it has the agreement's KEM to go by. */
async function stepPq(
  { receiving, pq }: Ratchet,
  environment: SessionEnvironment,
): Promise<PqRatchet> {
  return receiving === undefined ? pq : offerWhenDue(pq, environment)
}

type CanSend = Ratchet & { readonly ours: KeyPair; readonly sending: Chain }

/** The second half of DHRatchet (§3.5), put off until here: a new key pair, if it is our turn. */
async function turnSending(
  ratchet: Ratchet,
  environment: SessionEnvironment,
): Promise<CanSend | undefined> {
  const { ours, sending, theirs } = ratchet
  if (ours !== undefined && sending !== undefined) return { ...ratchet, ours, sending }
  if (theirs === undefined) return undefined
  const fresh = await createKeyPair(environment)
  const { pq, secret } = await answerOnTurn(ratchet.pq, environment)
  const { rootKey, chain } = await stepRoot(
    {
      rootKey: ratchet.rootKey,
      secretKey: fresh.secretKey,
      publicKey: theirs,
      pqSecret: secret,
    },
    environment.primitives,
  )
  return { ...ratchet, rootKey, ours: fresh, sending: chain, pq }
}

/** What an arriving header leads to. Nothing is changed yet: {@link settleReceiving} is for what opened. */
export type ReceivingStep =
  | KeyStep
  /** Its key was used, or dropped for its age. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'refused'; readonly code: ErrorCode }

/** The key of a message, and what becomes of the ratchet if it opens. */
export interface KeyStep {
  readonly kind: 'key'
  readonly messageKey: Uint8Array
  /** Still without the keys of what was passed over. */
  readonly ratchet: Ratchet
  /** Their keys are made only when the message has opened: a forger could else have thousands made. */
  readonly passed: readonly PassedOver[]
}

/** The first half of RatchetDecrypt (§3.5): the key of the message with this header. */
export async function stepReceiving(
  before: Ratchet,
  header: RatchetHeader,
  { primitives, clock }: SessionEnvironment,
): Promise<ReceivingStep> {
  const age = { at: clock.now(), opened: before.opened }
  const ratchet = {
    ...before,
    skipped: dropOldSkipped(before.skipped, age),
    opened: before.opened + 1,
  }
  const parts = { primitives, clock, age }
  const taken = takeSkipped(ratchet.skipped, header)
  if (taken !== undefined) {
    const { messageKey, rest } = taken
    return { kind: 'key', ratchet: { ...ratchet, skipped: rest }, messageKey, passed: [] }
  }
  if (isCurrentChain(ratchet, header)) return stepCurrent(ratchet, header, parts)
  if (isChainSkipped(ratchet.skipped, header.ratchetKey)) return { kind: 'spent' }
  return turnReceiving(ratchet, header, parts)
}

/** Whether the ratchet has seen the chain a header names, so that no other session can open the message. */
export function knowsChain(ratchet: Ratchet, header: RatchetHeader): boolean {
  return isCurrentChain(ratchet, header) || isChainSkipped(ratchet.skipped, header.ratchetKey)
}

function isCurrentChain({ theirs, receiving }: Ratchet, { ratchetKey }: RatchetHeader): boolean {
  return receiving !== undefined && theirs !== undefined && equalBytes(theirs, ratchetKey)
}

interface ReceivingParts extends Pick<SessionEnvironment, 'primitives' | 'clock'> {
  readonly age: SkippedAge
}

const REFUSED: ReceivingStep = { kind: 'refused', code: 'ERR_SESSION_OPEN' }
const NO_KEY: ReceivingStep = { kind: 'refused', code: 'ERR_KEY_REFUSED' }
const TOO_FAR: ReceivingStep = { kind: 'refused', code: 'ERR_SESSION_SKIPPED' }

/** The first half of DHRatchet (§3.5): the peer has a new key, so its old chain ends and a new one begins. */
async function turnReceiving(
  before: Ratchet,
  header: RatchetHeader,
  parts: ReceivingParts,
): Promise<ReceivingStep> {
  if (before.ours === undefined || !mayTurn(before)) return REFUSED
  const ended = passOver(before, header.previousLength, parts.age)
  if (ended === undefined) return TOO_FAR
  const answered = await answeredOnTurn(before.pq, header.pq, parts)
  if (answered === undefined) return REFUSED
  const { rootKey, chain } = await stepRoot(
    {
      rootKey: before.rootKey,
      secretKey: before.ours.secretKey,
      publicKey: header.ratchetKey,
      pqSecret: answered.secret,
    },
    parts.primitives,
  )
  const { sending, ...rest } = before
  const turned: Ratchet = {
    ...rest,
    rootKey,
    theirs: header.ratchetKey,
    receiving: chain,
    previousLength: sending?.number ?? 0,
    pq: answered.pq,
  }
  const step = await stepCurrent(turned, header, parts)
  return step.kind === 'key' ? { ...step, passed: [...ended, ...step.passed] } : step
}

/**
 * A peer turns only in answer to our newest key. While that one is still to be made and sent, an unknown
 * ratchet key is a forgery or an old chain, and is refused without any X25519.
 */
function mayTurn({ theirs, sending }: Ratchet): boolean {
  return theirs === undefined || sending !== undefined
}

/** The key of a message of the current receiving chain. */
async function stepCurrent(
  before: Ratchet,
  header: RatchetHeader,
  parts: ReceivingParts,
): Promise<ReceivingStep> {
  const { number } = header
  const { receiving } = before
  if (receiving === undefined) return REFUSED
  if (number < receiving.number) return { kind: 'spent' }
  const pq = noteOffer(before.pq, header.pq)
  if (pq === undefined) return NO_KEY
  const passed = passOver(before, number, parts.age)
  if (passed === undefined) return TOO_FAR
  const chain = await runAhead(receiving, number, parts.primitives)
  const { messageKey, next } = await stepChain(chain, parts.primitives)
  return { kind: 'key', ratchet: { ...before, receiving: next, pq }, messageKey, passed }
}

/** The ratchet behind a message that opened: SkipMessageKeys (§3.5) for all that was passed over. */
export async function settleReceiving(
  { ratchet, passed }: KeyStep,
  primitives: Primitives,
): Promise<Ratchet> {
  let skipped = ratchet.skipped
  for (const gap of passed) skipped = addSkipped(skipped, await keysOfPassed(gap, primitives))
  return { ...ratchet, skipped }
}

const keyShape = bytes({ length: 32 })

/** Shape of a {@link RatchetHeader}. */
export const ratchetHeaderShape: Shape<RatchetHeader> = record({
  ratchetKey: keyShape,
  previousLength: uint(),
  number: uint(),
  pq: optional(pqHeaderShape),
})

/** Shape of a {@link Ratchet}. */
export const ratchetShape: Shape<Ratchet> = record({
  rootKey: keyShape,
  ours: optional(record({ publicKey: keyShape, secretKey: keyShape })),
  theirs: optional(keyShape),
  sending: optional(chainShape),
  receiving: optional(chainShape),
  previousLength: uint(),
  skipped: skippedKeysShape,
  opened: uint(),
  pq: pqRatchetShape,
})
