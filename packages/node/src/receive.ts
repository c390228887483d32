import type { FrameStream } from '@kithmesh/net'
import { type AccountId, KithError, type MessageId, parseDeviceId } from '@kithmesh/protocol'
import type { DeviceContext } from './context.ts'
import { typedStream } from './frames.ts'
import type { Inbox } from './inbox.ts'
import { type ToRecipient, toRecipientCodec, toSenderCodec } from './message-wire.ts'
import type { Peers } from './peers.ts'
import { MESSAGE } from './protocols.ts'

/** Envelopes opened and not yet on disk, per stream; a sender that ignores the window is cut off. */
const MAX_UNSETTLED = 128
/** A lane may be silent for as long as its connection stands. */
const NEVER_MS = 2 ** 31 - 1

/** Answers `/kith/message/1`: offers with what is missing, envelopes with an ack behind the disk. */
export function startReceiving(
  context: DeviceContext,
  parts: { readonly account: AccountId; readonly inbox: Inbox; readonly peers: Peers },
): void {
  const { inbox, peers } = parts

  context.net.handle(MESSAGE, async (stream) => {
    const device = parseDeviceId(stream.peer)
    const account = peers.accountOf(device)
    // Strangers, and devices that were not greeted yet, create no state and learn nothing (ABU-1).
    if (!account || account === parts.account) throw new KithError('ERR_STRANGER', 'not a contact')
    await receive(stream, { account, device })
  })

  async function receive(
    stream: FrameStream,
    from: { readonly account: AccountId; readonly device: ReturnType<typeof parseDeviceId> },
  ): Promise<void> {
    const typed = typedStream(
      stream,
      { incoming: toRecipientCodec, outgoing: toSenderCodec },
      { readMs: NEVER_MS, scheduler: context.scheduler },
    )
    const unsettled = new Set<Promise<void>>()
    for await (const frame of typed.frames()) {
      if (unsettled.size >= MAX_UNSETTLED) throw new KithError('ERR_WINDOW', 'too many unacknowledged')
      // Taken in order (sessions step in order), answered when the disk has it.
      const answer = settle(frame).then((reply) => typed.send(reply))
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

    async function settle(frame: ToRecipient): Promise<Parameters<typeof typed.send>[0]> {
      if (frame.kind === 'offer') return { kind: 'want', ids: await missing(frame.ids) }
      const arrival = await inbox.take(frame.envelope, { ...from, message: frame.id })
      return arrival.kind === 'refused'
        ? { kind: 'refuse', id: frame.id, reason: arrival.reason }
        : { kind: 'ack', ids: [frame.id] }
    }
  }

  async function missing(ids: readonly MessageId[]): Promise<readonly MessageId[]> {
    const held = await Promise.all(ids.map((id) => inbox.has(id)))
    return ids.filter((_, at) => !held[at])
  }
}
