import {
  type AccountId,
  createLinkCode,
  declineLink,
  dialCode,
  KithError,
  type LinkMet,
  parseJoinCode,
  readLinkAnswer,
  readReveal,
  revealShare,
} from '@kithmesh/protocol'
import type { JoinOptions, LinkOffer, LinkOfferOptions, LinkState } from '../api/linking.ts'
import type { DeviceContext } from '../context.ts'
import { overStream } from '../over-stream.ts'
import { JOIN, LINK } from '../protocols.ts'
import { codeAddresses, relaysSettled } from './code-addresses.ts'
import { type CodeAttempt, createLinkCodes } from './link-codes.ts'
import { asKithError, type LinkConversation, linkConversation } from './link-conversation.ts'
import { joinAccount } from './link-joining.ts'
import { answerNearby } from './link-nearby-answer.ts'
import { refusalError } from './refusals.ts'

/** The new device's side of linking: it shows a code, is found nearby, or reads a code itself. */
export interface Linking {
  offer(options?: LinkOfferOptions): Promise<LinkOffer>
  join(code: string, options: JoinOptions): Promise<AccountId>
}

/** Linking of a device that belongs to no account yet; `enter` opens the account it comes to belong to. */
export function createLinking(
  context: DeviceContext,
  parts: {
    readonly account: () => AccountId | undefined
    readonly enter: (account: AccountId) => Promise<unknown>
  },
): Linking {
  const { net, clock, rng } = context
  const environment = { clock, rng }
  const { name, kind, temporary } = context
  const description = { name, kind, ...(temporary && { temporary }) }
  let isJoining = false

  const codes = createLinkCodes<LinkOfferOptions>(context, {
    way: 'link',
    protocol: LINK,
    textOf: ({ secret }) =>
      createLinkCode({ device: context.device, secret, addresses: codeAddresses(net) }),
    description: () => description,
    take: meetWhoReadCode,
    onEnd: () => net.announceWaiting(false),
  })
  answerNearby(context, { codes, description, isTaken, join: joinOffered })

  /** Steps of the answerer: seen → confirm, then as everybody who joins. */
  async function meetWhoReadCode(attempt: CodeAttempt<LinkOfferOptions>): Promise<void> {
    const { conversation, state, send, offered } = attempt
    offered.feed.set({ state: 'seen' })
    await lookForNearer(conversation, async () => {
      await conversation.send(send)
      const met = readReveal(state, await conversation.read(), environment)
      if (met.kind === 'refused') throw await conversation.refuse(met)
      await joinOffered(conversation, met.state)
    })
  }

  async function joinOffered(
    conversation: LinkConversation,
    met: LinkMet,
    { signal, agreed }: { readonly signal?: AbortSignal; agreed?(): void } = {},
  ): Promise<void> {
    const offered = codes.current()
    if (!offered) throw refusalError('ERR_LINK_CLOSED')
    const ask = offered.options.confirm
    const confirm: typeof ask =
      ask &&
      (async (seen, options) => {
        const answer = await ask(seen, options)
        if (answer === true) agreed?.()
        return answer
      })
    const until = AbortSignal.any([offered.ended.signal, ...(signal ? [signal] : [])])
    const joining = { confirm, show: offered.feed.set, enter: parts.enter, signal: until }
    await alone(conversation, met, () => joinAccount(context, { conversation, met }, joining))
    codes.end(offered)
  }

  async function offer(options: LinkOfferOptions = {}): Promise<LinkOffer> {
    requireNew()
    await relaysSettled(context)
    options.signal?.throwIfAborted()
    requireNew()
    const { offered, offer } = codes.show(options)
    // Without a question here, whoever is on this network could take the device in (LNK-19).
    if (offered.options.confirm) net.announceWaiting(true)
    return offer
  }

  async function join(text: string, options: JoinOptions): Promise<AccountId> {
    const { confirm, signal: cancel, onState = () => undefined } = options
    requireNew()
    const code = parseJoinCode(text)
    cancel?.throwIfAborted()
    net.setAddresses(
      code.device,
      code.addresses.map((bytes) => net.addressFromBytes(bytes)),
    )
    const to = { peer: code.device, protocol: JOIN, signal: cancel }
    return overStream(context, to, async (stream, { signal }) => {
      const conversation = linkConversation(stream, context)
      try {
        const account = await lookForNearer(conversation, async () => {
          const dialled = dialCode({ code, self: context.device, description }, environment)
          const met = await meetWhoShowsCode(conversation, dialled, onState)
          const joining = { confirm, show: onState, enter: parts.enter, signal }
          return alone(conversation, met, () =>
            joinAccount(context, { conversation, met }, joining),
          )
        })
        const offered = codes.current()
        if (offered) codes.end(offered)
        return account
      } catch (error) {
        const failure = asKithError(error)
        onState({ state: 'failed', code: failure.code, message: failure.message })
        throw failure
      }
    })
  }

  /** The existing device answers once it knows how far away we are. */
  async function meetWhoShowsCode(
    conversation: LinkConversation,
    { state, send }: ReturnType<typeof dialCode>,
    show: (state: LinkState) => void,
  ): Promise<LinkMet> {
    await conversation.send(send)
    const answered = readLinkAnswer(state, await conversation.read(), environment)
    if (answered.kind === 'refused') throw await conversation.refuse(answered)
    show({ state: 'seen' })
    const met = revealShare(answered.state, environment)
    await conversation.send(met.send)
    return met.state
  }

  /** It has the secret, so its addresses are worth trying: a nearer way than the relay makes it near. */
  async function lookForNearer<T>(
    { stream }: LinkConversation,
    task: () => Promise<T>,
  ): Promise<T> {
    net.keep([stream.peer])
    try {
      return await task()
    } catch (error) {
      if (!parts.account()) net.keep([])
      throw error
    }
  }

  /** By a code or nearby, shown or read: a device joins one account at a time. */
  async function alone<T>(
    conversation: LinkConversation,
    met: LinkMet,
    task: () => Promise<T>,
  ): Promise<T> {
    if (isTaken()) {
      throw await conversation.refuse(declineLink(met, 'ERR_LINK_BUSY', environment))
    }
    isJoining = true
    try {
      return await task()
    } finally {
      isJoining = false
    }
  }

  function isTaken(): boolean {
    return isJoining || parts.account() !== undefined
  }

  function requireNew(): void {
    if (!parts.account()) return
    throw new KithError('ERR_LINK_ALREADY', 'this device belongs to an account already')
  }

  return { offer, join }
}
