import {
  answerMeeting,
  type DeviceDescription,
  descriptionCodec,
  type LinkMet,
  nearbyKeyOf,
  parseDeviceId,
  readReveal,
  refuseOpening,
} from '@kithmesh/protocol'
import type { LinkOfferOptions } from '../api/linking.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { NEARBY } from '../protocols.ts'
import { createRate } from '../rate.ts'
import type { LinkCodes } from './link-codes.ts'
import { type LinkConversation, linkConversation } from './link-conversation.ts'
import { refusalError } from './refusals.ts'

/**
 * Attempts that anybody on this network may make in a minute: each is a chance of one in a million to get
 * the digits somebody else shows (LNK-19).
 */
const ATTEMPTS = { burst: 5, everyMs: 12_000 }

/**
 * Answers those who look for devices on this network, while this one offers itself: what it is, and then,
 * to who wants to link it, as any other. Never over a relay.
 */
export function answerNearby(
  context: DeviceContext,
  {
    codes,
    description,
    isTaken,
    join,
  }: {
    readonly codes: LinkCodes<LinkOfferOptions>
    readonly description: DeviceDescription
    readonly isTaken: () => boolean
    readonly join: (
      conversation: LinkConversation,
      met: LinkMet,
      options: { readonly signal: AbortSignal; agreed(): void },
    ) => Promise<void>
  },
): void {
  const { net, clock, rng } = context
  const attempts = createRate(ATTEMPTS, clock)

  net.handle(NEARBY, async (stream) => {
    if (!codes.current()?.options.confirm || isTaken()) throw refusalError('ERR_LINK_CLOSED')
    if (stream.path !== 'lan') throw refusalError('ERR_LINK_FAR')
    const conversation = linkConversation(stream, context)
    await conversation.send(descriptionCodec.encode(description))
    // Most only look, and go.
    const hello = await conversation.read().catch(() => undefined)
    if (hello) await answer(conversation, hello)
  })

  async function answer(conversation: LinkConversation, hello: Uint8Array): Promise<void> {
    const offered = codes.current()
    if (!offered) throw await conversation.refuse(refuseOpening('ERR_LINK_CLOSED'))
    if (offered.busy || isTaken()) {
      throw await conversation.refuse(refuseOpening('ERR_LINK_BUSY'))
    }
    if (!attempts.take()) throw await conversation.refuse(refuseOpening('ERR_LINK_ATTEMPTS'))
    await codes.attemptUntilCode(offered, async (options) => {
      const { signal } = options
      signal.addEventListener('abort', () => conversation.stream.abort(toError(signal.reason)))
      offered.feed.set({ state: 'seen' })
      const ends = { self: context.device, peer: parseDeviceId(conversation.stream.peer) }
      const answering = { way: 'nearby', ...ends, keyOf: nearbyKeyOf, description } as const
      const answered = answerMeeting(answering, hello, rng)
      if (answered.kind === 'refused') throw await conversation.refuse(answered)
      await conversation.send(answered.send)
      const met = readReveal(answered.state, await conversation.read(), { rng })
      if (met.kind === 'refused') throw await conversation.refuse(met)
      await join(conversation, met.state, options)
    })
  }
}
