import type { FrameStream } from '@kithmesh/net'
import { type AccountId, KithError, type MessageId, parseDeviceId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { typedStream } from '../frames.ts'
import { MESSAGE } from '../protocols.ts'
import type { Inbox } from './inbox.ts'
import { MAX_IDS, type ToRecipient, toRecipientCodec, toSenderCodec } from './message-wire.ts'
import type { Sessions } from './sessions.ts'

/** Envelopes opened and not yet on disk, per stream; a sender that ignores the window is cut off. */
const MAX_UNSETTLED = 128

/** Answers `/kith/message/1`: offers with what is missing, envelopes with an ack behind the disk. */
export function startReceiving(
  context: DeviceContext,
  parts: {
    readonly inbox: Inbox
    readonly logs: DeviceLogs
    readonly sessions: Pick<Sessions, 'giveCard'>
    readonly isContact: (account: AccountId) => boolean
  },
): void {
  const { inbox, logs, sessions, isContact } = parts

  context.net.handle(MESSAGE, async (stream) => {
    const device = parseDeviceId(stream.peer)
    const account = logs.accountOf(device)
    // Strangers create no state and learn nothing (DEL-9).
    if (!account || !isContact(account)) throw new KithError('ERR_STRANGER', 'not a contact')
    await receive(stream, { account, device })
  })

  async function receive(
    stream: FrameStream,
    from: { readonly account: AccountId; readonly device: ReturnType<typeof parseDeviceId> },
  ): Promise<void> {
    const codecs = { incoming: toRecipientCodec, outgoing: toSenderCodec }
    const typed = typedStream(stream, codecs, context.scheduler)
    const unsettled = new Set<Promise<void>>()
    const acks: MessageId[] = []
    let acknowledging: Promise<void> | undefined
    for await (const frame of typed.frames()) {
      if (unsettled.size >= MAX_UNSETTLED)
        throw new KithError('ERR_WINDOW', 'too many unacknowledged')
      // Taken in order (sessions step in order), answered when the disk has it.
      const answer = settle(frame)
      const done = answer.then(
        () => void unsettled.delete(done),
        (error: unknown) => {
          unsettled.delete(done)
          stream.abort(error instanceof Error ? error : new Error(String(error)))
        },
      )
      unsettled.add(done)
    }
    await Promise.all(unsettled)

    async function settle(frame: ToRecipient): Promise<void> {
      // Asked of each frame: a device that went out is not heard to the end of its stream (A8).
      if (logs.accountOf(from.device) !== from.account) {
        throw new KithError('ERR_STRANGER', 'no device of a contact now')
      }
      switch (frame.kind) {
        case 'ask-card':
          return typed.send({ kind: 'card', card: await sessions.giveCard(from.device) })
        case 'offer':
          return typed.send({ kind: 'want', ...(await sorted(frame.ids, from.account)) })
        case 'envelope':
          return take(frame)
      }
    }

    async function take({
      id,
      envelope,
    }: Extract<ToRecipient, { kind: 'envelope' }>): Promise<void> {
      const arrival = await inbox.take(envelope, { ...from, message: id })
      if (arrival.kind !== 'refused') return acknowledge(id)
      const { reason, control } = arrival
      return typed.send({ kind: 'refuse', id, reason, control })
    }

    /** What one write of the disk made durable is acknowledged by one frame. */
    function acknowledge(id: MessageId): Promise<void> {
      acks.push(id)
      acknowledging ??= sendAcks()
      return acknowledging
    }

    async function sendAcks(): Promise<void> {
      // Commits of one write resolve one after the other in this turn: their acks go together.
      await Promise.resolve()
      while (acks.length > 0) await typed.send({ kind: 'ack', ids: acks.splice(0, MAX_IDS) })
      acknowledging = undefined
    }
  }

  /** Which of the offered are wanted, and which are here. */
  async function sorted(
    offered: readonly MessageId[],
    account: AccountId,
  ): Promise<{ readonly ids: readonly MessageId[]; readonly held: readonly MessageId[] }> {
    const isHeld = await Promise.all(offered.map((id) => inbox.has(id, account)))
    return {
      ids: offered.filter((_, at) => !isHeld[at]),
      held: offered.filter((_, at) => isHeld[at]),
    }
  }
}
