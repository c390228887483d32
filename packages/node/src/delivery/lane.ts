import type { FrameStream } from '@kithmesh/net'
import { type AccountId, KithError, type MessageId, type Party } from '@kithmesh/protocol'
import { createBell } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Chats } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { typedStream } from '../frames.ts'
import type { Staged } from '../staged.ts'
import { createCardAsking } from './card-asking.ts'
import type { Reached } from './delivery.ts'
import type { Mending } from './mending.ts'
import {
  MAX_IDS,
  type Refuse,
  type ToSender,
  toRecipientCodec,
  toSenderCodec,
} from './message-wire.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import { createPageSealing } from './page-sealing.ts'
import { createRefusals, type UnderWay } from './refusals.ts'
import type { Sessions } from './sessions.ts'
import type { Settle } from './settling.ts'

/** Envelopes under way to one device and not yet acknowledged (D6: memory stays bounded). */
const WINDOW = 64
/** Entries sealed in one batch: as many as may be under way. */
const BATCH = WINDOW
/** So long acks are gathered: what is said to and fro is noted as reached some times a second, not for each word. */
const GATHER_MS = 20
/** Whoever leaves what was sent unanswered for so long gets it over another stream (DEL-20). */
const ANSWER_WAIT_MS = 60_000
/** Without a card that stands nothing is sealed: as while our clock, or that of the device, is far off (DEL-65). */
const NO_CARD_WAIT_MS = 5 * 60_000

/** What a lane needs of the other rooms. */
export interface LaneParts {
  readonly account: AccountId
  readonly outbox: Outbox
  readonly logs: Pick<DeviceLogs, 'accountOf'>
  readonly chats: Chats
  readonly sessions: Sessions
  readonly settle: Settle
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
  /** Ends it as soon as nothing is under way; what is left goes by the next one. */
  finish(): void
}

/** A lane to one device over an open stream. */
export function createLane(
  context: DeviceContext,
  parts: LaneParts,
  end: { readonly stream: FrameStream; readonly recipient: Party },
): Lane {
  const { outbox, logs } = parts
  const { stream, recipient } = end
  const codecs = { incoming: toSenderCodec, outgoing: toRecipientCodec }
  const typed = typedStream(stream, codecs, context.scheduler)
  const underWay = new Map<MessageId, UnderWay>()
  /** Refused, and to be sealed again. */
  const again: OutboxEntry[] = []
  const work = createBell()
  let readUpTo = 0
  /** What was here before this stream may have arrived over an earlier one. */
  const begunBehind = outbox.lastOrder()
  let over = false
  let isFinishing = false
  let answerToOffer = Promise.withResolvers<readonly MessageId[]>()
  const asking = createCardAsking(context.scheduler, () => typed.send({ kind: 'ask-card' }))
  const { envelopesOf } = createPageSealing(context, parts, {
    recipient,
    asking,
    requireIn,
    onNoCard,
  })
  const refusals = createRefusals(context, parts, {
    recipient,
    retry: () => stream.abort(new KithError('ERR_TIMEOUT', 'what was refused is offered again')),
  })
  let isOfferOpen = false
  /** When something was answered last, or waited for since nothing was before; monotonic ms. */
  let waitsSince = 0
  let isWatching = false
  let cancelWait = (): void => undefined
  let cancelNoCard: (() => void) | undefined
  /** Acknowledged, and not yet written down here. */
  const acked: OutboxEntry[] = []
  let writing: Promise<void> | undefined
  let cancelGathering: (() => void) | undefined
  const unwritten = Promise.withResolvers<never>()

  async function run(): Promise<void> {
    // What could not be written ends the lane; what was acknowledged is offered again by the next one.
    unwritten.promise.catch(() => undefined)
    const receiving = settleAnswers()
    try {
      await Promise.race([sendAll(), receiving, unwritten.promise])
      const who = isFinishing ? 'this device' : 'the recipient'
      throw new KithError('ERR_STREAM_ENDED', `${who} ended the lane`)
    } catch (error) {
      stream.abort(toError(error))
      throw error
    } finally {
      over = true
      cancelWait()
      cancelNoCard?.()
      work.ring()
      answerToOffer.resolve([])
      asking.end()
      await receiving.catch(() => undefined)
      refusals.end()
      writeNow()
      await writing
    }
  }

  async function sendAll(): Promise<void> {
    while (!over && !isFinished()) {
      if (again.length > 0) await sendPage(again.splice(0))
      const page = isFinishing ? [] : await nextPage()
      if (page.length > 0) await sendPage(await stillWanted(page))
      else if (again.length === 0) await work.heard()
    }
  }

  /** Nothing is lost by an end at this point: each answer came, and what was refused is sealed again. */
  function isFinished(): boolean {
    return isFinishing && underWay.size === 0 && again.length === 0 && !writing
  }

  async function sendPage(page: readonly OutboxEntry[]): Promise<void> {
    for (let at = 0; at < page.length && !over; at += BATCH) {
      for (const sent of await envelopesOf(page.slice(at, at + BATCH))) await sendOne(sent)
    }
  }

  async function nextPage(): Promise<readonly OutboxEntry[]> {
    const page = await outbox.pageFor(recipient.device, readUpTo, MAX_IDS)
    readUpTo = page.at(-1)?.order ?? readUpTo
    return page
  }

  /** Ids first of whatever may be there by an earlier stream, or by a sibling of ours (DEL-3). */
  async function stillWanted(page: readonly OutboxEntry[]): Promise<readonly OutboxEntry[]> {
    const doubtful = page.filter(({ order, envelope }) => !envelope || order <= begunBehind)
    if (doubtful.length === 0) return page
    answerToOffer = Promise.withResolvers()
    isOfferOpen = true
    waitForAnswer()
    await typed.send({ kind: 'offer', ids: doubtful.map(({ message }) => message) })
    const held = new Set(await answerToOffer.promise)
    if (over) return []
    await reached(doubtful.filter(({ message }) => held.has(message)))
    return page.filter(({ message }) => !held.has(message))
  }

  /** A stream may stand while nothing comes through it any more. Each answer begins the wait anew. */
  function waitForAnswer(): void {
    waitsSince = context.clock.monotonic()
    if (!isWatching) watchFor(ANSWER_WAIT_MS)
  }

  /** One timer for all that is sent: when it is up, it looks whether an answer came meanwhile. */
  function watchFor(ms: number): void {
    isWatching = !over && (isOfferOpen || underWay.size > 0)
    if (isWatching) cancelWait = context.scheduler.schedule(ms, lookForAnswer)
  }

  function lookForAnswer(): void {
    isWatching = false
    if (!isOfferOpen && underWay.size === 0) return
    const left = waitsSince + ANSWER_WAIT_MS - context.clock.monotonic()
    if (left > 0) return watchFor(left)
    stream.abort(new KithError('ERR_TIMEOUT', 'the other device leaves messages unanswered'))
  }

  /** What was passed over is tried again by the next lane, which asks for another card. */
  function onNoCard(): void {
    if (over) return
    cancelNoCard ??= context.scheduler.schedule(NO_CARD_WAIT_MS, () =>
      stream.abort(new KithError('ERR_CARD_EXPIRED', 'there was no card that stands')),
    )
  }

  async function sendOne(sent: UnderWay): Promise<void> {
    const { entry, envelope } = sent
    while (underWay.size >= WINDOW && !over) await work.heard()
    // By a sibling it may be there by now.
    if (over || !outbox.isPresent(entry)) return
    requireIn()
    underWay.set(entry.message, sent)
    if (underWay.size === 1) waitForAnswer()
    await typed.send({ kind: 'envelope', id: entry.message, envelope })
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
        return gather(landed(frame.ids))
      case 'refuse':
        return refused(frame)
    }
  }

  /** Should this device stop before they are written, they are offered again, and are reached by the answer (DEL-3). */
  function gather(sent: readonly UnderWay[]): void {
    acked.push(...sent.map(({ entry }) => entry))
    if (acked.length >= BATCH) writeNow()
    else if (acked.length > 0) cancelGathering ??= context.scheduler.schedule(GATHER_MS, writeNow)
  }

  function writeNow(): void {
    cancelGathering?.()
    cancelGathering = undefined
    // What was gathered may be written already: a write of nothing would be over before it is noted.
    if (acked.length > 0) writing ??= writeAcked()
  }

  /** One batch takes all acks that came while the one before it was written. */
  async function writeAcked(): Promise<void> {
    try {
      while (acked.length > 0) await reached(acked.splice(0, MAX_IDS))
    } catch (error) {
      unwritten.reject(error)
    } finally {
      writing = undefined
      if (isFinishing) work.ring()
    }
  }

  async function reached(entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length === 0) return
    refusals.landed(entries.map(({ message }) => message))
    const by = entries.map(({ message }) => ({ message, device: recipient.device }))
    await parts.recordReached(by, await parts.settle(by))
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

  return {
    run,
    wake: () => work.ring(),
    finish: () => {
      isFinishing = true
      work.ring()
    },
  }
}
