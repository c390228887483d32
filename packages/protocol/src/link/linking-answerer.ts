/**
 * Linking, on the new device: it shows a code and answers whoever dials with its secret. Each step is a
 * function of the state before and the frame that came; the caller sends, waits and stores.
 */

import { equalBytes } from '../codec/bytes.ts'
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
import { answerChannel, type ChannelEnds } from './channel.ts'
import {
  type CodeLife,
  countBadProof,
  currentCodeLife,
  endCode,
  endOfCode,
  linkCodeId,
  linkCodeKey,
} from './code-life.ts'
import {
  agreementCodec,
  type DeviceDescription,
  descriptionCodec,
  grantCodec,
  type LinkGrant,
  type LinkProposal,
  proposalCodec,
} from './link-messages.ts'
import { LINK_PURPOSES } from './purposes.ts'
import type { RefusalCode, Refused } from './refusal.ts'
import { openContent, type SealedChannel, sealContent, sealRefusal } from './sealed-channel.ts'

/** Who this device is, to whom it speaks, and the code it shows. */
export interface LinkAnswering {
  readonly self: DeviceId
  /** Who dialled, as Noise authenticated it. */
  readonly peer: DeviceId
  readonly description: DeviceDescription
  readonly life: CodeLife
}

/** Both sides have proved the secret; a person confirms on the other device. */
export interface LinkAnswered {
  readonly channel: SealedChannel
  readonly self: DeviceId
  readonly peer: DeviceId
}

/** This device has agreed to be taken in. */
export interface LinkCountersigned {
  readonly channel: SealedChannel
  readonly self: DeviceId
  readonly log: DeviceLogState
  readonly add: Uint8Array
  readonly countersignature: Uint8Array
}

/**
 * Step 1 and 2: checks the proof of whoever dialled and proves the secret in turn. Whatever comes out,
 * `life` is the life of the code from now on: after one good proof, after 60 s and after 5 bad proofs
 * there is another code to show (LNK-3 … LNK-5).
 *
 * @example
 * ```ts
 * let life = openCodeLife(environment) // shown as createLinkCode({ device: self, secret: life.secret, … })
 * const answered = answerLink({ self, peer, description, life }, await nextFrame(), environment)
 * life = answered.life
 * if (answered.kind === 'refused') return fail(answered)
 * await stream.send(answered.send)
 * const agreed = await agreeToLink(answered.state, await nextFrame(), { signer, card, rng })
 * if (agreed.kind === 'refused') return fail(agreed)
 * await stream.send(agreed.send)
 * const linked = readLinkGrant(agreed.state, await nextFrame(), environment)
 * if (linked.kind === 'refused') return fail(linked)
 * await store(linked)
 * await stream.send(linked.send)
 * ```
 */
export function answerLink(
  { self, peer, description, life: shown }: LinkAnswering,
  frame: Uint8Array,
  environment: Environment,
):
  | {
      readonly kind: 'seen'
      readonly life: CodeLife
      readonly state: LinkAnswered
      readonly send: Uint8Array
    }
  | (Refused & { readonly life: CodeLife }) {
  const life = currentCodeLife(shown, environment)
  const answer = answerChannel(
    {
      purposes: LINK_PURPOSES,
      self,
      peer,
      keyOf: (id) => keyOf(life, id),
      greeting: descriptionCodec.encode(description),
    },
    frame,
    environment.rng,
  )
  if (answer.kind === 'proved') {
    const { channel, send } = answer
    const next = endCode(life, { end: 'ERR_CODE_USED' }, environment)
    return { kind: 'seen', life: next, state: { channel, self, peer }, send }
  }
  // With nothing to send it was the other side that gave up: that is no proof.
  const isBadProof = answer.code === 'ERR_CODE_WRONG_SECRET' && answer.send !== undefined
  return { ...answer, life: isBadProof ? countBadProof(life, environment) : life }
}

function keyOf(life: CodeLife, id: Uint8Array): Uint8Array | RefusalCode {
  const key = linkCodeKey(life.secret)
  if (equalBytes(linkCodeId(key), id)) return key
  return endOfCode(life, id) ?? 'ERR_CODE_WRONG_SECRET'
}

/** What this device agrees with. */
export interface Agreeing {
  readonly signer: Signer
  /** This device's encoded card. */
  readonly card: Uint8Array
}

/** Step 3 and 4: a person has confirmed; checks the account that takes this device in, and agrees. */
export async function agreeToLink(
  { channel, self, peer }: LinkAnswered,
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
 * LNK-10: who dialled is in that account; the add is of this device, and by who dialled unless it is one
 * that this device agreed to before (LNK-11).
 */
function isSound(
  log: DeviceLogState,
  { add, body }: Pick<ReadProposal, 'add' | 'body'>,
  { self, peer }: ChannelEnds,
): boolean {
  const author = log.devices.get(peer)
  const isKnown = log.devices.get(self)?.addedBy === entryIdOfBody(add)
  const isByPeer = body.author === peer && body.prev === author?.lastEntry && author.rights.link
  const isOfHere = body.account === log.account && body.device === self
  return author?.state === 'in' && isOfHere && (isKnown || isByPeer)
}

/** What a device has once it is linked. */
export interface Linked extends Omit<LinkGrant, 'signature'> {
  readonly kind: 'linked'
  /** The account's device log, with this device in it. */
  readonly log: DeviceLogState
  /** To be sent once everything is stored: this device is linked. */
  readonly send: Uint8Array
}

/** Step 5 and 6: this device is in the account's log, and has what its devices share. */
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
