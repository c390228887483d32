import {
  type AccountId,
  createSessionCipher,
  createSessionSet,
  type DeviceCard,
  type DeviceId,
  type Envelope,
  envelopeCodec,
  isKithError,
  isOneTimeCard,
  type Party,
  type Scope,
  type SealInput,
  type SessionSet,
  sessionSetCodec,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { Store } from '../store/store-types.ts'
import { createOneTimeCards, type OneTimeCards } from './one-time-cards.ts'
import { createSessionSteps } from './session-steps.ts'

/** Of which card a session began: one made for it alone, or the published one (B4). */
export type SessionStart = 'one-time' | 'card'

/** An envelope that was sealed, and is to be had only together with the state it was sealed by (SES-11). */
export interface SealedCopy {
  /** When it is the first of its session. */
  readonly start?: SessionStart
  /**
   * The change of the session, and what `write` makes of the envelope: one batch. Called once, by whoever
   * holds the chat; what is not staged was never sealed.
   */
  stage(write: (envelope: Uint8Array) => Staged): readonly Staged[]
}

/** Several of one device, in their order: they share one change of the session. */
export interface SealedCopies {
  /** When the first is the first of its session. */
  readonly start?: SessionStart
  /** The change of the session, and what `write` makes of each envelope: one batch, as {@link SealedCopy.stage}. */
  stage(write: (envelope: Uint8Array, at: number) => Staged): readonly Staged[]
}

/** What is to be sealed, and for which chat. */
export interface Copy {
  readonly plaintext: Uint8Array
  readonly chat: Scope
}

/** Envelopes of one device, opened one after the other; they share one change of the session. */
export interface EnvelopeOpening {
  /** What is not staged was never opened. */
  open(envelope: Envelope): Promise<PlainEnvelope>
  /** Whether anything was opened. */
  hasStepped(): boolean
  /** The session as the last one that was opened leaves it. Called once. */
  stage(): Staged
}

/** What became of an envelope among several. */
export type PlainEnvelope =
  | { readonly kind: 'opened'; readonly plaintext: Uint8Array; readonly start?: SessionStart }
  | { readonly kind: 'cannot-open' }

/** What became of an envelope. */
export type OpenedEnvelope =
  | {
      readonly kind: 'opened'
      readonly plaintext: Uint8Array
      readonly start?: SessionStart
      /** The change of the session; what is not staged was never opened. */
      stage(): Staged
    }
  | { readonly kind: 'cannot-open' }

/**
 * The sessions with every device of every contact. Whoever seals or opens holds the chat of the pair
 * (`Chats.alone`), so that a session takes one step at a time. Each batch holds the sessions as they were
 * after its own step. So whoever writes a step at once, and not by the account log, waits for `handedOver`
 * before taking it: else the steps before would be on the disk without what they opened (SES-11).
 */
export interface Sessions {
  /** Whether there is one with a device to seal on. */
  has(recipient: Party): Promise<boolean>
  /** Undefined while there is neither a session nor a card to start one from; `oneTime` goes before the published. */
  seal(
    recipient: Party,
    plaintext: Uint8Array,
    chat: Scope,
    oneTime?: DeviceCard,
  ): Promise<SealedCopy | undefined>
  /** Several, in their order; all of them or none. */
  sealAll(
    recipient: Party,
    copies: readonly Copy[],
    oneTime?: DeviceCard,
  ): Promise<SealedCopies | undefined>
  /** Seals on a new session from the published card, which is the one to seal on from then; undefined without one. */
  sealAnew(recipient: Party, plaintext: Uint8Array, chat: Scope): Promise<SealedCopy | undefined>
  open(envelope: Envelope): Promise<OpenedEnvelope>
  /** Begins to open what comes from a device; whoever does holds the chat until it is staged or let go. */
  opening(sender: Party): EnvelopeOpening
  /** A card for a device of a contact that has no session with this one yet. */
  readonly giveCard: OneTimeCards['give']
  /** Resolves when every step with a device that was staged has been handed to the store, or was dropped. */
  handedOver(device: DeviceId): Promise<void>
  /** Drops every session with a device: it is out of its account (OUT-6). */
  stageForget(device: DeviceId): Staged
}

/** Said of a log we do not hold. */
const NO_HEAD = new Uint8Array(32)

/** The sessions of one account on this device. */
export function openSessions(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'get' | 'standing' | 'accountOf'>
    readonly cards: Cards
  },
): Sessions {
  const { tables, store, logger } = context
  const { account, logs, cards } = parts
  const self: Party = { account, device: context.device }
  const cipher = createSessionCipher(context)
  const oneTimeCards = createOneTimeCards(context, cards)
  const setsByDevice = new Map<DeviceId, SessionSet>()
  const steps = createSessionSteps()

  async function setOf(peer: Party): Promise<SessionSet> {
    const known = setsByDevice.get(peer.device)
    if (known) return known
    const stored = await tables.sessions.get(peer.device)
    return stored ? sessionSetCodec.decode(stored) : createSessionSet({ self, peer })
  }

  /** Used from now on; forgotten if the write fails, so that the disk decides. */
  function stage(set: SessionSet, starts: readonly SessionStart[]): Staged {
    const { device } = set.peer
    const step = steps.next(device)
    setsByDevice.set(device, set)
    return {
      ops: () =>
        step.handOver() ? [tables.sessions.put(device, sessionSetCodec.encode(set))] : [],
      publish: () => {
        for (const start of starts) logger.debug('a session begins', { start })
        if (isOut(set.peer)) void dropLate(device)
      },
      discard: () => {
        step.drop()
        setsByDevice.delete(device)
      },
    }
  }

  function isOut({ account: of, device }: Party): boolean {
    return logs.standing(of, device) !== undefined && logs.accountOf(device) !== of
  }

  /** It was on its way to the disk while its device was put out, and goes right after (OUT-6). */
  async function dropLate(device: DeviceId): Promise<void> {
    try {
      await commitStaged(store, [stageForget(device)])
    } catch {
      logger.warn('a session with a device that is out stays here')
    }
  }

  async function seal(
    recipient: Party,
    plaintext: Uint8Array,
    chat: Scope,
    oneTime?: DeviceCard,
  ): Promise<SealedCopy | undefined> {
    return sealAll(recipient, [{ plaintext, chat }], oneTime)
  }

  async function sealAll(
    recipient: Party,
    copies: readonly Copy[],
    oneTime?: DeviceCard,
  ): Promise<SealedCopies | undefined> {
    const set = await setOf(recipient)
    if (set.sessions.length > 0) return copiesOn(set, copies)
    const begun = (oneTime && (await beginOneTime(set, oneTime))) ?? (await beginPublished(set))
    return begun && copiesOn(begun.set, copies, begun.start)
  }

  async function sealAnew(
    recipient: Party,
    plaintext: Uint8Array,
    chat: Scope,
  ): Promise<SealedCopy | undefined> {
    const begun = await beginPublished(await setOf(recipient))
    return begun && copiesOn(begun.set, [{ plaintext, chat }], begun.start)
  }

  function freshnessFor(recipient: Party): SealInput['freshness'] {
    return {
      sender: logs.get(account)?.head ?? NO_HEAD,
      recipient: logs.get(recipient.account)?.head ?? NO_HEAD,
    }
  }

  async function copiesOn(
    set: SessionSet,
    copies: readonly Copy[],
    start?: SessionStart,
  ): Promise<SealedCopies | undefined> {
    const freshness = freshnessFor(set.peer)
    const envelopes: Uint8Array[] = []
    let last = set
    for (const copy of copies) {
      const sealing = await cipher.seal(last, { ...copy, freshness })
      if (sealing.kind === 'no-session') return undefined
      // What the last step leads to is staged together with all of them (SES-11).
      last = sealing.step.into((next, envelope) => {
        envelopes.push(envelopeCodec.encode(envelope))
        return next
      })
    }
    return {
      ...(start ? { start } : {}),
      stage: (write) => [stage(last, start ? [start] : []), ...envelopes.map(write)],
    }
  }

  async function beginPublished(set: SessionSet): Promise<Begun | undefined> {
    const card = await cards.get(set.peer.device)
    return card && { set: await beginFrom(set, card), start: 'card' }
  }

  /** What another device answers may be anything: then the published card is as good as before. */
  async function beginOneTime(set: SessionSet, card: DeviceCard): Promise<Begun | undefined> {
    try {
      return isOneTimeCard(card)
        ? { set: await beginFrom(set, card), start: 'one-time' }
        : undefined
    } catch (error) {
      if (!isKithError(error)) throw error
      logger.debug('a one-time card is of no use', { code: error.code })
      return undefined
    }
  }

  function beginFrom(set: SessionSet, peerCard: DeviceCard): Promise<SessionSet> {
    return cipher.start(set, { self: { party: self, ...cards.ownIdentity() }, peerCard })
  }

  async function open(envelope: Envelope): Promise<OpenedEnvelope> {
    const begun = opening(envelope.sender)
    const opened = await begun.open(envelope)
    return opened.kind === 'opened' ? { ...opened, stage: begun.stage } : opened
  }

  function opening(sender: Party): EnvelopeOpening {
    const starts: SessionStart[] = []
    let last: SessionSet | undefined

    async function openNext(envelope: Envelope): Promise<PlainEnvelope> {
      const set = last ?? (await setOf(sender))
      const own = { party: self, ...cards.ownIdentity() }
      const prekeys = [...cards.prekeys(), ...oneTimeCards.secretsFor(sender.device)]
      const step = await cipher.open(set, { self: own, prekeys, envelope })
      switch (step.kind) {
        case 'opened':
          return step.step.into((next, { plaintext, startedFrom }) => {
            last = next
            if (startedFrom === undefined) return { kind: 'opened', plaintext }
            const start = startOf(startedFrom)
            starts.push(start)
            return { kind: 'opened', plaintext, start }
          })
        // Its key is gone and its message is not here, or it would not have come this far.
        case 'duplicate':
          return { kind: 'cannot-open' }
        case 'refused':
          logger.debug('an envelope does not open', { code: step.code })
          return { kind: 'cannot-open' }
      }
    }

    return {
      open: openNext,
      hasStepped: () => last !== undefined,
      stage: () => (last ? stageOpened(last, starts) : NOTHING),
    }
  }

  /** The secrets of a one-time card go when what they opened is on the disk, and not before (SES-24). */
  function stageOpened(set: SessionSet, starts: readonly SessionStart[]): Staged {
    const staged = stage(set, starts)
    if (!starts.includes('one-time')) return staged
    return {
      ...staged,
      publish: () => {
        oneTimeCards.erase(set.peer.device)
        staged.publish?.()
      },
    }
  }

  function stageForget(device: DeviceId): Staged {
    const forget = (): void => {
      setsByDevice.delete(device)
      oneTimeCards.erase(device)
    }
    // Whoever comes between finds none in memory, and the one on disk until it is gone from there.
    return {
      ops: () => [tables.sessions.delete(device), tables.resets.delete(device)],
      publish: forget,
    }
  }

  return {
    has: async (recipient) => (await setOf(recipient)).sessions.length > 0,
    seal,
    sealAll,
    sealAnew,
    open,
    opening,
    giveCard: oneTimeCards.give,
    handedOver: steps.handedOver,
    stageForget,
  }
}

const NOTHING: Staged = { ops: () => [] }

/** A set with a session that just began. */
interface Begun {
  readonly set: SessionSet
  readonly start: SessionStart
}

function startOf(number: number): SessionStart {
  return isOneTimeCard({ number }) ? 'one-time' : 'card'
}

/** Writes an envelope with its session and what `write` makes of it, and hands it out behind the disk. */
export async function commitSealed(
  store: Pick<Store, 'commit'>,
  sealed: SealedCopy,
  write: (envelope: Uint8Array) => Staged,
): Promise<Uint8Array> {
  let written: Uint8Array = new Uint8Array()
  const staged = sealed.stage((envelope) => {
    written = envelope
    return write(envelope)
  })
  await commitStaged(store, staged)
  return written
}
