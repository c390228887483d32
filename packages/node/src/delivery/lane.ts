import type { FrameStream } from '@kithmesh/net'
import { KithError, type MessageId, type Party } from '@kithmesh/protocol'
import { createBell } from '@kithmesh/sync'
import type { Chats } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { typedStream } from '../frames.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { Delivery, Reached } from './delivery.ts'
import { MAX_IDS, type ToSender, toRecipientCodec, toSenderCodec } from './message-wire.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'
import type { Sessions } from './sessions.ts'

/** Envelopes under way to one device and not yet acknowledged (D6: memory stays bounded). */
const WINDOW = 64
/** Entries read from the disk at once. */
const PAGE = 64

/** What a lane needs of the other rooms. */
export interface LaneParts {
  readonly outbox: Outbox
  readonly chats: Chats
  readonly sessions: Sessions
  readonly delivery: Delivery
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
  const { outbox, sessions, chats, delivery } = parts
  const { stream, recipient } = end
  const codecs = { incoming: toSenderCodec, outgoing: toRecipientCodec }
  const typed = typedStream(stream, codecs, context.scheduler)
  const underWay = new Map<MessageId, OutboxEntry>()
  /** Refused once and sealed anew; a second refusal leaves the entry where it is. */
  const resealed = new Set<MessageId>()
  const again: OutboxEntry[] = []
  const work = createBell()
  let readUpTo = 0
  let over = false
  let answerToOffer = Promise.withResolvers<readonly MessageId[]>()
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
      work.ring()
      answerToOffer.resolve([])
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
    await typed.send({ kind: 'offer', ids: page.map(({ message }) => message) })
    const wanted = new Set(await answerToOffer.promise)
    if (over) return []
    await reached(page.filter(({ message }) => !wanted.has(message)))
    return page.filter(({ message }) => wanted.has(message))
  }

  async function sendOne(entry: OutboxEntry): Promise<void> {
    while (underWay.size >= WINDOW && !over) await work.heard()
    if (over) return
    const envelope = entry.envelope ?? (await seal(entry))
    if (!envelope) return
    underWay.set(entry.message, entry)
    await typed.send({ kind: 'envelope', id: entry.message, envelope })
  }

  /** Seals what could not be sealed when it was written: no card then, or a session that broke. */
  async function seal(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    const stored = await chats.get(entry.message)
    if (!stored) return undefined
    return chats.alone(stored.content.chat, async () => {
      const sealed = await sessions.seal(recipient, stored.bytes, stored.content.chat)
      if (!sealed) return undefined
      await commitStaged(context.store, [sealed.staged, outbox.stageSealed(entry, sealed.envelope)])
      return sealed.envelope
    })
  }

  async function settleAnswers(): Promise<void> {
    for await (const frame of typed.frames()) await settle(frame)
  }

  async function settle(frame: ToSender): Promise<void> {
    switch (frame.kind) {
      case 'want':
        return answerToOffer.resolve(frame.ids)
      case 'ack':
        acked.push(...landed(frame.ids))
        writing ??= writeAcked()
        return
      case 'refuse':
        return refused(frame.id, frame.reason)
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

  /** What the recipient cannot open is sealed anew over a fresh session, once; the rest waits (SES). */
  async function refused(id: MessageId, reason: string): Promise<void> {
    const [entry] = landed([id])
    context.logger.warn('an envelope was refused', { reason })
    if (!entry || reason !== 'cannot-open' || resealed.has(id)) return
    resealed.add(id)
    await sessions.restart(recipient.device)
    const { envelope: _, ...unsealed } = entry
    again.push(unsealed)
    work.ring()
  }

  function landed(ids: readonly MessageId[]): readonly OutboxEntry[] {
    const entries = ids.flatMap((id) => underWay.get(id) ?? [])
    for (const { message } of entries) underWay.delete(message)
    work.ring()
    return entries
  }

  return { run, wake: () => work.ring() }
}
