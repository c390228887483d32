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
import type { EnvelopeOpening, Sessions } from './sessions.ts'

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
  /** Several that one device handed over together, in their order: what opens is one batch. */
  takeAll(envelopes: readonly Announced[], from: Party): Promise<readonly Arrival[]>
}

/** An envelope, and the id its sender announced for the content. */
export interface Announced {
  readonly id: MessageId
  readonly envelope: Uint8Array
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
    /** Writes contents that arrived, for the siblings too, and what belongs to them, in one batch. */
    readonly keep: (
      arrived: readonly StoredContent[],
      alongside: readonly Staged[],
    ) => Promise<void>
  },
): Inbox {
  const { chats, sessions, mending } = parts

  async function takeAll(
    envelopes: readonly Announced[],
    from: Party,
  ): Promise<readonly Arrival[]> {
    const chat = directChatId(from.account, parts.account)
    const settled = await chats.alone(chat, () => settleAll(envelopes, from))
    await Promise.all(settled.map(({ durable }) => durable))
    return settled.flatMap(({ arrivals }) => arrivals)
  }

  /** Decides what each envelope is; their batches are on the way to the disk when this returns. */
  async function settleAll(
    envelopes: readonly Announced[],
    from: Party,
  ): Promise<readonly Settled[]> {
    const settled: Settled[] = []
    let group = beginGroup(from)
    for (const { id, envelope } of envelopes) {
      const sender = { ...from, message: id }
      const taken = await settle(envelope, sender, group)
      if (taken !== 'cannot-open') group.arrivals.push(taken)
      if (taken !== 'cannot-open' && group.bytes < MAX_GROUP_BYTES) continue
      // A session may begin anew here: what was opened before stands on its own.
      settled.push(await closeGroup(group))
      if (taken === 'cannot-open') settled.push(await report(envelope, sender))
      group = beginGroup(from)
    }
    settled.push(await closeGroup(group))
    return settled
  }

  function beginGroup(from: Party): Group {
    return { from, opening: sessions.opening(from), arrivals: [], contents: new Map(), bytes: 0 }
  }

  /** One batch for all that opened; what they answer waits for it. */
  async function closeGroup({ from, opening, arrivals, contents }: Group): Promise<Settled> {
    const arrived = [...contents.values()]
    const held = waitForHeld(arrivals)
    if (arrived.length === 0) {
      const step = opening.hasStepped() ? await stepAlone(opening, from) : undefined
      return settled(arrivals, Promise.all([held, step?.durable]))
    }
    const staged = await chats.stageMany(arrived)
    const durable = parts.keep(arrived, [opening.stage(), staged])
    return settled(arrivals, Promise.all([held, durable]))
  }

  /** The first copy may be on its way to the disk. */
  async function waitForHeld(arrivals: readonly Taken[]): Promise<void> {
    for (const { arrival, message } of arrivals) {
      if (arrival.kind === 'duplicate') await chats.written(message)
    }
  }

  async function settle(
    bytes: Uint8Array,
    from: Sender,
    group: Group,
  ): Promise<Taken | 'cannot-open'> {
    const { message } = from
    const envelope = decoded(envelopeCodec, bytes)
    const chat = directChatId(from.account, parts.account)
    const isHeld = group.contents.has(message) || (await chats.has(message, chat))
    const isOurs = envelope !== undefined && isForUs(envelope, from)
    const duplicate: Taken = { message, arrival: { kind: 'duplicate' } }
    if (!isOurs) {
      return isHeld ? duplicate : refusal(message, envelope ? 'not-for-me' : 'malformed')
    }
    // One that came by a sibling, or before, is opened all the same: it may begin a session whose one-time
    // card is soon forgotten, and a chain is not to be left behind (SES-12, SES-24).
    const opened = await group.opening.open(envelope)
    if (isHeld) return duplicate
    if (opened.kind === 'cannot-open') return 'cannot-open'
    parts.noteFreshness?.(envelope.sender, envelope.freshness)
    return arrive(opened.plaintext, from, group)
  }

  async function report(bytes: Uint8Array, { message }: Sender): Promise<Settled> {
    const envelope = decoded(envelopeCodec, bytes)
    const control = envelope && (await mending.report(envelope, message))
    return settled([refusal(message, 'cannot-open', control)])
  }

  /** Writes the steps of a session by themselves, behind those before. */
  async function stepAlone(
    opening: EnvelopeOpening,
    from: Party,
  ): Promise<{ durable: Promise<void> }> {
    await sessions.handedOver(from.device)
    return { durable: commitStaged(context.store, [opening.stage()]) }
  }

  /** For this device, from who handed it over, and of the chat of both: a word about sessions is no content (A4). */
  function isForUs({ sender, recipient, chat }: Envelope, from: Sender): boolean {
    const self = { account: parts.account, device: context.device }
    const isOfBoth = isSameParty(sender, from) && isSameParty(recipient, self)
    return isOfBoth && chat === directChatId(from.account, parts.account)
  }

  /** A session that opened has advanced, whatever the content turns out to be. */
  function arrive(plaintext: Uint8Array, from: Sender, group: Group): Taken {
    const content = decoded(contentCodec, plaintext)
    const message = messageIdOf(plaintext)
    const fault = content ? chats.faultOf(content, from.account, parts.account) : 'shape'
    if (!content || fault || message !== from.message) {
      return refusal(from.message, `content-${fault ?? 'id'}`)
    }
    group.contents.set(message, { message, content, bytes: plaintext })
    group.bytes += plaintext.length
    return { message, arrival: { kind: 'accepted' } }
  }

  async function has(message: MessageId, account: AccountId): Promise<boolean> {
    const held = await chats.has(message, directChatId(account, parts.account))
    if (held) await chats.written(message)
    return held
  }

  return {
    has,
    take: async (envelope, { message, ...from }) => {
      const [arrival] = await takeAll([{ id: message, envelope }], from)
      if (!arrival) throw new TypeError('an envelope without an answer')
      return arrival
    },
    takeAll,
  }
}

/** Contents of one batch: their record of the account log takes 250 KiB, one content 20 (MSG-5). */
const MAX_GROUP_BYTES = 128 * 1024

/** Envelopes whose contents are written in one batch. */
interface Group {
  readonly from: Party
  readonly opening: EnvelopeOpening
  readonly arrivals: Taken[]
  readonly contents: Map<MessageId, StoredContent>
  bytes: number
}

interface Taken {
  /** The id its sender announced. */
  readonly message: MessageId
  readonly arrival: Arrival
}

/** Arrivals, and the write they wait for. */
interface Settled {
  readonly arrivals: readonly Arrival[]
  readonly durable: Promise<unknown> | undefined
}

/** Whether the write failed is told once all are decided; until then nobody listens. */
function settled(taken: readonly Taken[], durable?: Promise<unknown>): Settled {
  durable?.catch(() => undefined)
  return { arrivals: taken.map(({ arrival }) => arrival), durable }
}

function refusal(message: MessageId, reason: Refusal, control?: Uint8Array): Taken {
  return { message, arrival: { kind: 'refused', reason, ...(control ? { control } : {}) } }
}
