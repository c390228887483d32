import type { FrameStream } from '@kithmesh/net'
import { KithError, type MessageId, type Party } from '@kithmesh/protocol'
import { createBell } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Chats } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { typedStream } from '../frames.ts'
import type { Staged } from '../staged.ts'
import { createCardAsking } from './card-asking.ts'
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
import { createRefusals, type UnderWay } from './refusals.ts'
import { commitSealed, type Sessions } from './sessions.ts'

/** Envelopes under way to one device and not yet acknowledged (D6: memory stays bounded). */
const WINDOW = 64
/** Entries read from the disk at once. */
const PAGE = 64
/** Whoever leaves what was sent unanswered for so long gets it over another stream (DEL-20). */
const ANSWER_WAIT_MS = 60_000

/** What a lane needs of the other rooms. */
export interface LaneParts {
  readonly outbox: Outbox
  readonly logs: Pick<DeviceLogs, 'accountOf'>
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
  const { outbox, logs, sessions, chats, delivery } = parts
  const { stream, recipient } = end
  const codecs = { incoming: toSenderCodec, outgoing: toRecipientCodec }
  const typed = typedStream(stream, codecs, context.scheduler)
  const underWay = new Map<MessageId, UnderWay>()
  /** Refused, and to be sealed again. */
  const again: OutboxEntry[] = []
  const work = createBell()
  let readUpTo = 0
  let over = false
  let answerToOffer = Promise.withResolvers<readonly MessageId[]>()
  const asking = createCardAsking(context.scheduler, () => typed.send({ kind: 'ask-card' }))
  const refusals = createRefusals(context, parts, {
    recipient,
    retry: () => stream.abort(new KithError('ERR_TIMEOUT', 'what was refused is offered again')),
  })
  let isOfferOpen = false
  let cancelWait = (): void => undefined
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
      work.ring()
      answerToOffer.resolve([])
      asking.end()
      await receiving.catch(() => undefined)
      refusals.end()
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
    if (!envelope || over) return
    requireIn()
    underWay.set(entry.message, { entry, envelope })
    if (underWay.size === 1) waitForAnswer()
    await typed.send({ kind: 'envelope', id: entry.message, envelope })
  }

  /** Seals what could not be sealed when it was written: no card then, or a session that broke. */
  async function seal(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    const stored = await chats.get(entry.message)
    if (!stored) return undefined
    const { bytes, content } = stored
    const card = (await sessions.has(recipient)) ? undefined : await asking.card()
    if (over) return undefined
    return chats.alone(content.chat, async () => {
      await sessions.handedOver(recipient.device)
      requireIn()
      const sealed = await sessions.seal(recipient, bytes, content.chat, card)
      if (!sealed) return undefined
      return commitSealed(context.store, sealed, (envelope) => outbox.stageSealed(entry, envelope))
    })
  }

  /** Asked again behind every wait: what was kept for a device goes with it, and does not come back (OUT-6). */
  function requireIn(): void {
    if (logs.accountOf(recipient.device) === recipient.account) return
    throw new KithError('ERR_STRANGER', 'no device of a contact now')
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
        return asking.answered(frame.card)
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
    refusals.landed(entries.map(({ message }) => message))
    const by = entries.map(({ message }) => ({ message, device: recipient.device }))
    await parts.recordReached(by, [outbox.stageRemove(entries), delivery.stage(by)])
  }

  async function refused(refusal: Refuse): Promise<void> {
    const [sent] = landed([refusal.id])
    if (!sent) return
    again.push(...(await refusals.take(refusal, sent)))
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
