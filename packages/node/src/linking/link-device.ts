import {
  createJoinCode,
  type DeviceId,
  declineLink,
  dialCode,
  dialMeeting,
  type LinkDialled,
  mayTakeIn,
  nearbyKey,
  parseLinkCode,
  readLinkAnswer,
  readReveal,
  refuseOpening,
  revealShare,
} from '@kithmesh/protocol'
import type { Device } from '../api/devices.ts'
import type { LinkOffer, LinkOptions, NearbyDevice } from '../api/linking.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import { overStream, type StreamTo } from '../over-stream.ts'
import { JOIN, LINK, NEARBY } from '../protocols.ts'
import { codeAddresses, relaysSettled } from './code-addresses.ts'
import { type CodeAttempt, createLinkCodes } from './link-codes.ts'
import { asKithError, type LinkConversation, linkConversation } from './link-conversation.ts'
import { distanceOf } from './link-distance.ts'
import { nearbyDevices } from './link-nearby.ts'
import { type LinkRooms, takeDeviceIn } from './link-taking-in.ts'
import { requireTerms } from './link-terms.ts'
import { refusalError } from './refusals.ts'

/** The existing device's side of linking. */
export interface DeviceLinker {
  /** By the code a new device shows. */
  link(code: string, options: LinkOptions): Promise<Device>
  /** By the code this device shows. */
  offer(options: LinkOptions): Promise<LinkOffer>
  nearby(options?: CallOptions): AsyncIterable<NearbyDevice>
  linkNearby(device: DeviceId, options: LinkOptions): Promise<Device>
}

/** Linking other devices to this account. */
export function createDeviceLinker(context: DeviceContext, rooms: LinkRooms): DeviceLinker {
  const { net, clock, rng } = context
  const environment = { clock, rng }
  const { account, logs, devices } = rooms

  const codes = createLinkCodes<LinkOptions>(context, {
    way: 'join',
    protocol: JOIN,
    textOf: ({ secret }) =>
      createJoinCode({ device: context.device, secret, addresses: codeAddresses(net) }),
    description,
    take: meetWhoReadCode,
  })

  /** How this device is called in its account: who is to join hears it before it hears of the account. */
  function description(): { readonly name: string; readonly kind: string } {
    const { name, kind } = devices.require(context.device)
    return { name, kind }
  }

  async function link(text: string, options: LinkOptions): Promise<Device> {
    requireTerms(options)
    requireRight()
    const code = parseLinkCode(text)
    requireNotOut(code.device)
    options.signal?.throwIfAborted()
    net.setAddresses(
      code.device,
      code.addresses.map((bytes) => net.addressFromBytes(bytes)),
    )
    const to = { peer: code.device, protocol: LINK }
    return over(to, options, (conversation, { signal }) =>
      meet(conversation, {
        dialled: dialCode({ code, self: context.device, description: description() }, environment),
        options: { ...options, signal },
      }),
    )
  }

  async function linkNearby(device: DeviceId, options: LinkOptions): Promise<Device> {
    requireTerms(options)
    requireRight()
    requireNotOut(device)
    options.signal?.throwIfAborted()
    const seen = net.nearby().find(({ peer }) => peer === device)
    if (seen && mayBePlaced(device)) net.setAddresses(device, seen.addresses)
    const to = { peer: device, protocol: NEARBY }
    return over(to, options, async (conversation, { signal }) => {
      // What it says it is, as to everybody who looks; it says so again under the digits.
      await conversation.read()
      const ends = { self: context.device, peer: device }
      const dialling = { way: 'nearby', key: nearbyKey(), ...ends } as const
      const dialled = dialMeeting({ ...dialling, description: description() }, rng)
      const { far: _, ...nearOnly } = options
      return meet(conversation, { dialled, options: { ...nearOnly, signal } })
    })
  }

  /** Asked before anybody else is: a session, or a device that is no longer in, links nobody (LNK-10). */
  function requireRight(): void {
    const standing = logs.standing(account, context.device)
    if (!mayTakeIn(standing)) throw refusalError('ERR_LINK_RIGHT')
  }

  /** One stream to a new device, from the first frame to the last. */
  async function over(
    to: StreamTo,
    { signal: cancel, onState }: LinkOptions,
    task: (
      conversation: LinkConversation,
      options: { readonly signal: AbortSignal },
    ) => Promise<Device>,
  ): Promise<Device> {
    return overStream(context, { ...to, signal: cancel }, async (stream, { signal }) => {
      try {
        return await task(linkConversation(stream, context), { signal })
      } catch (error) {
        if (signal.aborted) throw error
        const failure = asKithError(error)
        onState?.({ state: 'failed', code: failure.code, message: failure.message })
        throw failure
      }
    })
  }

  /** Steps of the dialler: seen, then how far away it is, and only then the digits. */
  async function meet(
    conversation: LinkConversation,
    {
      dialled,
      options,
    }: {
      readonly dialled: { readonly state: LinkDialled; readonly send: Uint8Array }
      readonly options: LinkOptions
    },
  ): Promise<Device> {
    const { onState: show = () => undefined } = options
    await conversation.send(dialled.send)
    const answered = readLinkAnswer(dialled.state, await conversation.read(), environment)
    if (answered.kind === 'refused') throw await conversation.refuse(answered)
    show({ state: 'seen' })
    const distance = await distanceOf(conversation.stream, context, options)
    if (distance === 'far' && !options.far) {
      const far = declineLink(answered.state.met, 'ERR_LINK_FAR', environment)
      throw await conversation.refuse(far)
    }
    const met = revealShare(answered.state, environment)
    await conversation.send(met.send)
    const state = met.state
    return takeDeviceIn(context, rooms, { conversation, met: state, distance, options, show })
  }

  async function offer(options: LinkOptions): Promise<LinkOffer> {
    requireTerms(options)
    requireRight()
    await relaysSettled(context)
    options.signal?.throwIfAborted()
    // A person looks at one code: the one that was asked for last.
    const before = codes.current()
    if (before) codes.end(before)
    const { offered, offer } = codes.show(options)
    options.signal?.addEventListener('abort', () => codes.end(offered), { once: true })
    return offer
  }

  /** Steps of the answerer: what it knows of the distance comes before it proves anything. */
  async function meetWhoReadCode(attempt: CodeAttempt<LinkOptions>): Promise<void> {
    const { conversation, state, send, offered } = attempt
    const show: typeof offered.feed.set = (now) => {
      offered.feed.set(now)
      offered.options.onState?.(now)
    }
    show({ state: 'seen' })
    const options = { ...offered.options, signal: offered.ended.signal }
    const distance = await distanceOf(conversation.stream, context, options)
    if (distance === 'far' && !options.far) {
      throw await conversation.refuse(refuseOpening('ERR_LINK_FAR'))
    }
    await conversation.send(send)
    const met = readReveal(state, await conversation.read(), environment)
    if (met.kind === 'refused') throw await conversation.refuse(met)
    await takeDeviceIn(context, rooms, { conversation, met: met.state, distance, options, show })
    codes.end(offered)
  }

  /** A device that is out is cut off by the network: it could not even be told why. */
  function requireNotOut(device: DeviceId): void {
    const state = logs.standing(account, device)?.state
    if (state === 'revoked') throw refusalError('ERR_LINK_REVOKED')
    if (state === 'suspended') throw refusalError('ERR_LINK_SUSPENDED')
  }

  /** Where a device we know is, an announcement has no say in (A10). */
  function mayBePlaced(device: DeviceId): boolean {
    return device !== context.device && logs.accountOf(device) === undefined
  }

  return {
    link,
    offer,
    linkNearby,
    nearby: (options) => nearbyDevices(context, mayBePlaced, options),
  }
}
