import type { FrameStream } from '@kithmesh/net'
import { type AccountId, KithError, type MessageId, parseDeviceId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { typedStream } from '../frames.ts'
import { MESSAGE } from '../protocols.ts'
import type { Announced, Arrival, Inbox } from './inbox.ts'
import { type ToRecipient, toRecipientCodec, toSenderCodec } from './message-wire.ts'
import type { Sessions } from './sessions.ts'

/** Frames that wait for an answer, per stream; a sender that ignores the window is cut off. */
const MAX_UNANSWERED = 128
/** Envelopes written in one batch. */
const MAX_TOGETHER = 64

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
    /** Envelopes that are not being taken yet. */
    const waiting: Announced[] = []
    const tasks = new Set<Promise<void>>()
    let unanswered = 0
    let isTaking = false
    for await (const frame of typed.frames()) {
      if (unanswered >= MAX_UNANSWERED) {
        throw new KithError('ERR_WINDOW', 'too many unacknowledged')
      }
      unanswered += 1
      requireIn()
      if (frame.kind === 'envelope') take(frame)
      else run(answer(frame))
    }
    await Promise.all(tasks)

    function run(task: Promise<void>): void {
      const done = task.then(
        () => void tasks.delete(done),
        (error: unknown) => {
          tasks.delete(done)
          stream.abort(toError(error))
        },
      )
      tasks.add(done)
    }

    /** Asked of each frame: a device that went out is not heard to the end of its stream (A8). */
    function requireIn(): void {
      if (logs.accountOf(from.device) === from.account) return
      throw new KithError('ERR_STRANGER', 'no device of a contact now')
    }

    async function answer(frame: Exclude<ToRecipient, Envelope>): Promise<void> {
      if (frame.kind === 'ask-card') {
        await typed.send({ kind: 'card', card: await sessions.giveCard(from.device) })
      } else {
        await typed.send({ kind: 'want', ...(await sorted(frame.ids, from.account)) })
      }
      unanswered -= 1
    }

    /** Taken in their order (sessions step in order). */
    function take({ id, envelope }: Envelope): void {
      waiting.push({ id, envelope })
      if (isTaking) return
      isTaking = true
      run(takeWaiting())
    }

    /** What came while a batch was written is the next one: the busier the sender, the larger they are. */
    async function takeWaiting(): Promise<void> {
      try {
        while (waiting.length > 0) {
          requireIn()
          const batch = waiting.splice(0, MAX_TOGETHER)
          await answerAll(batch, await inbox.takeAll(batch, from))
        }
      } finally {
        isTaking = false
      }
    }

    /** Behind the disk; what one write made durable is acknowledged by one frame. */
    async function answerAll(
      batch: readonly Announced[],
      arrivals: readonly Arrival[],
    ): Promise<void> {
      unanswered -= batch.length
      const ids: MessageId[] = []
      for (const [at, { id }] of batch.entries()) {
        const arrival = arrivals[at]
        if (arrival?.kind !== 'refused') ids.push(id)
        else await typed.send({ ...arrival, kind: 'refuse', id })
      }
      if (ids.length > 0) await typed.send({ kind: 'ack', ids })
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

type Envelope = Extract<ToRecipient, { readonly kind: 'envelope' }>
