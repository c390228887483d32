import {
  type AccountId,
  contentCodec,
  type DeviceId,
  decoded,
  directChatId,
  type Envelope,
  envelopeCodec,
  type Freshness,
  isSameParty,
  type MessageId,
  messageIdOf,
  type Party,
} from '@kithmesh/protocol'
import type { Chats, ContentFault, StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { Mending } from './mending.ts'
import type { OpenedEnvelope, Sessions } from './sessions.ts'

/** What became of an envelope. `refused` leaves no trace here; its reason goes back to the sender. */
export type Arrival =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'duplicate' }
  | {
      readonly kind: 'refused'
      readonly reason: Refusal
      /** With `cannot-open`: this device's signed word of it, for the sender (SES-26). */
      readonly control?: Uint8Array
    }

/** Reasons a sender can act on. */
export type Refusal =
  | 'malformed'
  | 'not-for-me'
  | 'cannot-open'
  | `content-${ContentFault | 'shape' | 'id'}`

/** The one way in for content from another account. */
export interface Inbox {
  /**
   * On the disk, in the chat with that account: what is on its way there is waited for, since the answer is as
   * good as an ack (DEL-2). Of other chats nobody learns what is here (DEL-64).
   */
  has(message: MessageId, account: AccountId): Promise<boolean>
  /** Opens, checks and stores one envelope; resolves when the content is on disk. */
  take(envelope: Uint8Array, from: Sender): Promise<Arrival>
}

/** Who handed the envelope over: a verified connection. */
export interface Sender {
  readonly account: AccountId
  readonly device: DeviceId
  /** The id it announced for the content. */
  readonly message: MessageId
}

/** Receive walk: limit, decode, known device?, duplicate? → open → one batch → event. */
export function createInbox(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly chats: Chats
    readonly sessions: Sessions
    /** Begins anew with who sealed what cannot be opened. */
    readonly mending: Pick<Mending, 'report'>
    /** Told what a genuine envelope says of both device logs (MSG-7). */
    readonly noteFreshness?: (from: Party, said: Freshness) => void
    /** Writes a content that arrived, for the siblings too, and what belongs to it, in one batch. */
    readonly keep: (stored: StoredContent, alongside: readonly Staged[]) => Promise<void>
  },
): Inbox {
  const { chats, sessions, mending } = parts

  async function take(bytes: Uint8Array, from: Sender): Promise<Arrival> {
    const chat = directChatId(from.account, parts.account)
    const { arrival, durable } = await chats.alone(chat, () => settle(bytes, from))
    await durable
    return arrival
  }

  /** Decides what an envelope is; its batch is on the way to the disk when this returns. */
  async function settle(bytes: Uint8Array, from: Sender): Promise<Settled> {
    const envelope = decoded(envelopeCodec, bytes)
    const chat = directChatId(from.account, parts.account)
    if (await chats.has(from.message, chat)) return settleHeld(envelope, from)
    if (!envelope) return settled(refused('malformed'))
    if (!isForUs(envelope, from)) return settled(refused('not-for-me'))
    const opened = await sessions.open(envelope)
    switch (opened.kind) {
      case 'cannot-open':
        return settled(refused('cannot-open', await mending.report(envelope, from.message)))
      case 'opened':
        parts.noteFreshness?.(envelope.sender, envelope.freshness)
        return arrive(opened, from)
    }
  }

  /**
   * The content came by a sibling, or before. Its envelope is opened all the same: it may begin a session
   * whose one-time card is soon forgotten, and a chain is not to be left behind (SES-12, SES-24).
   */
  async function settleHeld(envelope: Envelope | undefined, from: Sender): Promise<Settled> {
    const isOurs = envelope !== undefined && isForUs(envelope, from)
    const opened = isOurs ? await sessions.open(envelope) : undefined
    const step = opened?.kind === 'opened' ? await stepAlone(opened, from) : undefined
    const durable = Promise.all([chats.written(from.message), step?.durable])
    return settled({ kind: 'duplicate' }, durable)
  }

  /** Writes the step of a session by itself, behind those before. */
  async function stepAlone(opened: Opened, from: Sender): Promise<{ durable: Promise<void> }> {
    await sessions.handedOver(from.device)
    return { durable: commitStaged(context.store, [opened.stage()]) }
  }

  /** For this device, from who handed it over, and of the chat of both: a word about sessions is no content (A4). */
  function isForUs({ sender, recipient, chat }: Envelope, from: Sender): boolean {
    const self = { account: parts.account, device: context.device }
    const isOfBoth = isSameParty(sender, from) && isSameParty(recipient, self)
    return isOfBoth && chat === directChatId(from.account, parts.account)
  }

  async function arrive(opened: Opened, from: Sender): Promise<Settled> {
    const { plaintext } = opened
    const content = decoded(contentCodec, plaintext)
    const message = messageIdOf(plaintext)
    const fault = content ? chats.faultOf(content, from.account, parts.account) : 'shape'
    if (!content || fault || message !== from.message) {
      // A session that opened has advanced, whatever the content turns out to be.
      const { durable } = await stepAlone(opened, from)
      return settled(refused(`content-${fault ?? 'id'}`), durable)
    }
    const stored = { message, content, bytes: plaintext }
    const staged = await chats.stage(stored)
    return settled({ kind: 'accepted' }, parts.keep(stored, [opened.stage(), staged]))
  }

  async function has(message: MessageId, account: AccountId): Promise<boolean> {
    const held = await chats.has(message, directChatId(account, parts.account))
    if (held) await chats.written(message)
    return held
  }

  return { has, take }
}

/** An arrival, and the write it waits for. */
interface Settled {
  readonly arrival: Arrival
  readonly durable: Promise<unknown> | undefined
}

type Opened = Extract<OpenedEnvelope, { readonly kind: 'opened' }>

function settled(arrival: Arrival, durable?: Promise<unknown>): Settled {
  return { arrival, durable }
}

function refused(reason: Refusal, control?: Uint8Array): Arrival {
  return { kind: 'refused', reason, ...(control ? { control } : {}) }
}
