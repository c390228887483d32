/**
 * Linking, on the new device: it joins an account. Each step is a function of the state before and the
 * frame that came; the caller sends, waits and stores. It begins when both devices have met, whoever of
 * them dialled (meeting.ts).
 */

import type { Environment } from '../environment.ts'
import { isKithError } from '../errors.ts'
import { type DeviceLogState, mergeDeviceLogs, reduceDeviceLog } from '../identity/device-log.ts'
import type { Signer } from '../identity/keys.ts'
import { countersignAdd } from '../identity/log-authoring.ts'
import {
  type AddBody,
  deviceLogCodec,
  entryBodyCodec,
  entryIdOfBody,
} from '../identity/log-entry.ts'
import type { DeviceId } from '../ids.ts'
import type { ChannelEnds } from './channel.ts'
import {
  agreementCodec,
  grantCodec,
  type LinkGrant,
  type LinkProposal,
  proposalCodec,
} from './link-messages.ts'
import { mayTakeIn } from './may-take-in.ts'
import type { LinkMet } from './meeting.ts'
import type { RefusalCode, Refused } from './refusal.ts'
import { openContent, type SealedChannel, sealContent, sealRefusal } from './sealed-channel.ts'

/** This device has agreed to be taken in. */
export interface LinkCountersigned {
  readonly channel: SealedChannel
  readonly self: DeviceId
  readonly log: DeviceLogState
  readonly add: Uint8Array
  readonly countersignature: Uint8Array
}

/** What this device agrees with. */
export interface Agreeing {
  readonly signer: Signer
  /** This device's encoded card. */
  readonly card: Uint8Array
}

/**
 * Step 1: the persons have confirmed; checks the account that takes this device in, and agrees.
 *
 * @example
 * ```ts
 * let life = openCodeLife(environment) // shown as createLinkCode({ device: self, secret: life.secret, … })
 * const answered = answerCode({ way: 'link', self, peer, description, life }, await nextFrame(), environment)
 * life = answered.life
 * if (answered.kind === 'refused') return fail(answered)
 * await stream.send(answered.send)
 * const met = readReveal(answered.state, await nextFrame(), environment)
 * if (met.kind === 'refused') return fail(met)
 * if (!(await confirm(met.state.digits))) return fail(declineLink(met.state, 'ERR_LINK_DECLINED', environment))
 * const ready = sayReady(met.state, environment)
 * await stream.send(ready.send)
 * const agreed = await agreeToLink(ready.state, await nextFrame(), { signer, card, rng })
 * if (agreed.kind === 'refused') return fail(agreed)
 * await stream.send(agreed.send)
 * const linked = readLinkGrant(agreed.state, await nextFrame(), environment)
 * if (linked.kind === 'refused') return fail(linked)
 * await store(linked)
 * await stream.send(linked.send)
 * ```
 */
export async function agreeToLink(
  { channel, self, peer }: LinkMet,
  frame: Uint8Array,
  { signer, card, rng }: Agreeing & Pick<Environment, 'rng'>,
): Promise<
  | { readonly kind: 'agreed'; readonly state: LinkCountersigned; readonly send: Uint8Array }
  | Refused
> {
  const opened = openContent(channel, frame, rng)
  if (opened.kind === 'refused') return opened
  const proposed = readProposal(opened.content)
  if (proposed.kind === 'fault') return sealRefusal(opened.channel, proposed.code, rng)
  const { log, add } = proposed
  if (!isSound(log, proposed, { self, peer })) {
    return sealRefusal(opened.channel, 'ERR_LINK_ACCOUNT', rng)
  }
  const countersignature = await countersignAdd(add, signer)
  const sealed = sealContent(opened.channel, agreementCodec.encode({ countersignature, card }), rng)
  const state = { channel: sealed.channel, self, log, add, countersignature }
  return { kind: 'agreed', state, send: sealed.send }
}

interface ReadProposal {
  readonly kind: 'proposal'
  readonly log: DeviceLogState
  readonly add: Uint8Array
  readonly body: AddBody
}

interface ProposalFault {
  readonly kind: 'fault'
  readonly code: RefusalCode
}

function readProposal(content: Uint8Array): ReadProposal | ProposalFault {
  let proposal: LinkProposal
  try {
    proposal = proposalCodec.decode(content)
  } catch {
    return { kind: 'fault', code: 'ERR_MALFORMED' }
  }
  try {
    const { account, add } = proposal
    const log = reduceDeviceLog(account, deviceLogCodec.decode(proposal.log))
    const body = entryBodyCodec.decode(add)
    if (body.kind !== 'add') return { kind: 'fault', code: 'ERR_LINK_ACCOUNT' }
    return { kind: 'proposal', log, add, body }
  } catch (error) {
    if (!isKithError(error)) throw error
    const unknown = error.code === 'ERR_SUITE_UNKNOWN'
    return { kind: 'fault', code: unknown ? error.code : 'ERR_LINK_ACCOUNT' }
  }
}

/**
 * LNK-10: the other device is in that account; the add is of this device, and by the other unless it is one
 * that this device agreed to before (LNK-11).
 */
function isSound(
  log: DeviceLogState,
  { add, body }: Pick<ReadProposal, 'add' | 'body'>,
  { self, peer }: ChannelEnds,
): boolean {
  const author = log.devices.get(peer)
  const isKnown = log.devices.get(self)?.addedBy === entryIdOfBody(add)
  const isByPeer = body.author === peer && body.prev === author?.lastEntry && mayTakeIn(author)
  const isOfHere = body.account === log.account && body.device === self
  const isSession = body.expiresAt !== undefined
  return (
    author?.state === 'in' && isOfHere && (isKnown || isByPeer) && !(isSession && body.rights.link)
  )
}

/** What a device has once it is linked. */
export interface Linked extends Omit<LinkGrant, 'signature'> {
  readonly kind: 'linked'
  /** The account's device log, with this device in it. */
  readonly log: DeviceLogState
  /** To be sent once everything is stored: this device is linked. */
  readonly send: Uint8Array
}

/** Step 2: this device is in the account's log, and has what its devices share. */
export function readLinkGrant(
  { channel, self, log, add, countersignature }: LinkCountersigned,
  frame: Uint8Array,
  { rng }: Environment,
): Linked | Refused {
  const opened = openContent(channel, frame, rng)
  if (opened.kind === 'refused') return opened
  let grant: LinkGrant
  try {
    grant = grantCodec.decode(opened.content)
  } catch {
    return sealRefusal(opened.channel, 'ERR_MALFORMED', rng)
  }
  const { signature, epochKeys, snapshot } = grant
  const merged = mergeDeviceLogs(log, [{ body: add, signature, countersignature }])
  const standing = merged.devices.get(self)
  if (standing?.addedBy !== entryIdOfBody(add)) {
    return sealRefusal(opened.channel, 'ERR_LINK_ACCOUNT', rng)
  }
  if (standing.state !== 'in') return sealRefusal(opened.channel, 'ERR_LINK_LIMIT', rng)
  const { send } = sealContent(opened.channel, DONE, rng)
  return { kind: 'linked', log: merged, epochKeys, snapshot, send }
}

/** Says nothing but that it was sent: the seal tells which step it is. */
const DONE = new Uint8Array()
