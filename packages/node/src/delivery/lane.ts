import type { FrameStream } from '@kithmesh/net'
import {
  type DeviceCard,
  decoded,
  deviceCardCodec,
  KithError,
  type MessageId,
  type Party,
} from '@kithmesh/protocol'
import { createBell } from '@kithmesh/sync'
import type { Chats } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { typedStream } from '../frames.ts'
import type { Staged } from '../staged.ts'
import type { Delivery, Reached } from './delivery.ts'
import type { Mending } from './mending.ts'
import {
  MAX_IDS,
  type Refuse,
  type ToSender,
  toRecipientCodec,
  toSenderCodec,
} from './message-wire.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import { commitSealed, type Sessions } from './sessions.ts'

/** Envelopes under way to one device and not yet acknowledged (D6: memory stays bounded). */
const WINDOW = 64
/** Entries read from the disk at once. */
const PAGE = 64
/** Whoever leaves what was sent unanswered for so long gets it over another stream (DEL-20). */
const ANSWER_WAIT_MS = 60_000
/** What was refused is tried again over another stream, once what it waits for may be over (DEL-21). */
const REFUSED_WAIT_MS = 60 * 60 * 1000
/** The answer is one message long; a device that does not know the question never gives one. */
const CARD_WAIT_MS = 5_000

/** What a lane needs of the other rooms. */
export interface LaneParts {
  readonly outbox: Outbox
  readonly chats: Chats
  readonly sessions: Sessions
  readonly delivery: Delivery
  readonly mending: Pick<Mending, 'hear' | 'isBroken'>
  /** Tells the siblings which devices were reached, in the batch that removes the entries. */
  readonly recordReached: (
    reached: readonly Reached[],
    alongside: readonly Staged[],
  ) => Promise<void>
}

/** The sending end of one `/kith/message/1` stream. */
export interface Lane {
  /** Offers, sends and settles until the stream ends. @throws what ended it */
  run(): Promise<void>
  /** There is more in the outbox. */
  wake(): void
}

/** A lane to one device over an open stream. */
export function createLane(
  context: DeviceContext,
  parts: LaneParts,
  end: { readonly stream: FrameStream; readonly recipient: Party },
): Lane {
  const { outbox, sessions, chats, delivery, mending } = parts
  const { stream, recipient } = end
  const codecs = { incoming: toSenderCodec, outgoing: toRecipientCodec }
  const typed = typedStream(stream, codecs, context.scheduler)
  const underWay = new Map<MessageId, UnderWay>()
  /** Refused once and sealed anew; a second refusal leaves the entry where it is. */
  const resealed = new Set<MessageId>()
  /** Could not be opened, and its device has not given its word yet why. */
  const unopened: OutboxEntry[] = []
  const again: OutboxEntry[] = []
  const work = createBell()
  let readUpTo = 0
  let over = false
  let answerToOffer = Promise.withResolvers<readonly MessageId[]>()
  const answerToAsk = Promise.withResolvers<DeviceCard | undefined>()
  let oneTimeCard: Promise<DeviceCard | undefined> | undefined
  let isOfferOpen = false
  let cancelWait = (): void => undefined
  let cancelRetry: (() => void) | undefined
  /** Acknowledged, and not yet written down here. */
  const acked: OutboxEntry[] = []
  let writing: Promise<void> | undefined
  const unwritten = Promise.withResolvers<never>()

  async function run(): Promise<void> {
    // What could not be written ends the lane; what was acknowledged is offered again by the next one.
    unwritten.promise.catch(() => undefined)
    const receiving = settleAnswers()
    try {
      await Promise.race([sendAll(), receiving, unwritten.promise])
      throw new KithError('ERR_STREAM_ENDED', 'the recipient ended the lane')
    } catch (error) {
      stream.abort(toError(error))
      throw error
    } finally {
      over = true
      cancelWait()
      cancelRetry?.()
      work.ring()
      answerToOffer.resolve([])
      answerToAsk.resolve(undefined)
      await receiving.catch(() => undefined)
      await writing
    }
  }

  async function sendAll(): Promise<void> {
    // What stands here before this stream may have arrived over an earlier one: ids first (DEL-3).
    for (let page = await nextPage(MAX_IDS); page.length > 0; page = await nextPage(MAX_IDS)) {
      for (const entry of await stillWanted(page)) await sendOne(entry)
      if (over || page.length < MAX_IDS) break
    }
    while (!over) {
      const entries = again.length > 0 ? again.splice(0) : await nextPage(PAGE)
      for (const entry of entries) await sendOne(entry)
      if (entries.length === 0) await work.heard()
    }
  }

  async function nextPage(limit: number): Promise<readonly OutboxEntry[]> {
    const page = await outbox.pageFor(recipient.device, readUpTo, limit)
    readUpTo = page.at(-1)?.order ?? readUpTo
    return page
  }

  async function stillWanted(page: readonly OutboxEntry[]): Promise<readonly OutboxEntry[]> {
    answerToOffer = Promise.withResolvers()
    isOfferOpen = true
    waitForAnswer()
    await typed.send({ kind: 'offer', ids: page.map(({ message }) => message) })
    const held = new Set(await answerToOffer.promise)
    if (over) return []
    await reached(page.filter(({ message }) => held.has(message)))
    return page.filter(({ message }) => !held.has(message))
  }

  /** A stream may stand while nothing comes through it any more. Each answer begins the wait anew. */
  function waitForAnswer(): void {
    cancelWait()
    if (over || (!isOfferOpen && underWay.size === 0)) return
    cancelWait = context.scheduler.schedule(ANSWER_WAIT_MS, () =>
      stream.abort(new KithError('ERR_TIMEOUT', 'the other device leaves messages unanswered')),
    )
  }

  async function sendOne(entry: OutboxEntry): Promise<void> {
    while (underWay.size >= WINDOW && !over) await work.heard()
    if (over) return
    const envelope = entry.envelope ?? (await seal(entry))
    if (!envelope) return
    underWay.set(entry.message, { entry, envelope })
    if (underWay.size === 1) waitForAnswer()
    await typed.send({ kind: 'envelope', id: entry.message, envelope })
  }

  /** Seals what could not be sealed when it was written: no card then, or a session that broke. */
  async function seal(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    const stored = await chats.get(entry.message)
    if (!stored) return undefined
    const { bytes, content } = stored
    const card = (await sessions.has(recipient)) ? undefined : await askCard()
    if (over) return undefined
    return chats.alone(content.chat, async () => {
      const sealed = await sessions.seal(recipient, bytes, content.chat, card)
      if (!sealed) return undefined
      return commitSealed(context.store, sealed, (envelope) => outbox.stageSealed(entry, envelope))
    })
  }

  /** A card for this one session (SES-24). Who does not answer soon gets what is sealed to its published card. */
  function askCard(): Promise<DeviceCard | undefined> {
    oneTimeCard ??= (async () => {
      const cancel = context.scheduler.schedule(CARD_WAIT_MS, () => answerToAsk.resolve(undefined))
      await typed.send({ kind: 'ask-card' })
      return answerToAsk.promise.finally(cancel)
    })()
    return oneTimeCard
  }

  async function settleAnswers(): Promise<void> {
    for await (const frame of typed.frames()) {
      await settle(frame)
      waitForAnswer()
    }
  }

  async function settle(frame: ToSender): Promise<void> {
    switch (frame.kind) {
      case 'want':
        isOfferOpen = false
        return answerToOffer.resolve(frame.held)
      case 'card':
        return answerToAsk.resolve(frame.card && decoded(deviceCardCodec, frame.card))
      case 'ack':
        acked.push(...landed(frame.ids).map(({ entry }) => entry))
        writing ??= writeAcked()
        return
      case 'refuse':
        return refused(frame)
    }
  }

  /** One batch takes all acks that came while the one before it was written. */
  async function writeAcked(): Promise<void> {
    try {
      while (acked.length > 0) await reached(acked.splice(0, MAX_IDS))
    } catch (error) {
      unwritten.reject(error)
    } finally {
      writing = undefined
    }
  }

  async function reached(entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length === 0) return
    const by = entries.map(({ message }) => ({ message, device: recipient.device }))
    await parts.recordReached(by, [outbox.stageRemove(entries), delivery.stage(by)])
  }

  /** What the recipient cannot open is sealed again on its word, once; the rest waits (SES-28). */
  async function refused({ id, reason, control }: Refuse): Promise<void> {
    const [sent] = landed([id])
    context.logger.warn('an envelope was refused', { reason })
    if (!sent) return
    retryLater()
    if (reason !== 'cannot-open' || resealed.has(id)) return
    unopened.push(sent.entry)
    const about = { recipient, message: id, envelope: sent.envelope }
    const isMended = control !== undefined && (await mending.hear(control, about))
    if (isMended || mending.isBroken(recipient.device)) sealAgain(unopened.splice(0))
  }

  /** The next stream offers again what this one could not bring over. */
  function retryLater(): void {
    cancelRetry ??= context.scheduler.schedule(REFUSED_WAIT_MS, () =>
      stream.abort(new KithError('ERR_TIMEOUT', 'what was refused is offered again')),
    )
  }

  function sealAgain(entries: readonly OutboxEntry[]): void {
    for (const { envelope: _, ...unsealed } of entries) {
      resealed.add(unsealed.message)
      again.push(unsealed)
    }
    work.ring()
  }

  function landed(ids: readonly MessageId[]): readonly UnderWay[] {
    const sent = ids.flatMap((id) => underWay.get(id) ?? [])
    for (const { entry } of sent) underWay.delete(entry.message)
    work.ring()
    return sent
  }

  return { run, wake: () => work.ring() }
}

/** An entry that was sent and is not answered yet. */
interface UnderWay {
  readonly entry: OutboxEntry
  readonly envelope: Uint8Array
}
