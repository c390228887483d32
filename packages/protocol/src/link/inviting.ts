/**
 * Exchanging contacts by an invite code: whoever has the code dials any device of the inviting account;
 * both prove the secret, then introduce their accounts to each other (LNK-12 … LNK-15).
 *
 *     dialler (was invited)                      answerer (invites)
 *        │  hello, proof                                   │
 *        │ ──────────────────────────────────────────────▶ │
 *        │  answer, proof                                  │
 *        │ ◀────────────────────────────────────────────── │
 *        │  introduction                                   │
 *        │ ──────────────────────────────────────────────▶ │ stores the contact, marks the invite
 *        │  introduction                                   │
 *        │ ◀────────────────────────────────────────────── │
 */

import type { Environment } from '../environment.ts'
import { isKithError } from '../errors.ts'
import { type DeviceLogState, devicesIn, reduceDeviceLog } from '../identity/device-log.ts'
import { deviceLogCodec } from '../identity/log-entry.ts'
import type { AccountId, DeviceId } from '../ids.ts'
import { answerChannel, completeChannel, type DialledChannel, dialChannel } from './channel.ts'
import { type Introduction, introductionCodec } from './introduction.ts'
import { inviteId, inviteKey, inviteName } from './invite.ts'
import type { InviteCode } from './invite-code.ts'
import { INVITE_PURPOSES } from './purposes.ts'
import type { RefusalCode, Refused } from './refusal.ts'
import { openContent, type SealedChannel, sealContent, sealRefusal } from './sealed-channel.ts'

/** The other account, as its introduction says and its device log proves. */
export interface Introduced {
  readonly account: AccountId
  readonly log: DeviceLogState
  readonly introduction: Introduction
}

/** A device of the inviting account was dialled. */
export interface InviteDialled {
  readonly channel: DialledChannel
  readonly account: AccountId
  readonly peer: DeviceId
  readonly own: Introduction
}

/** This side has introduced itself and waits for the other. */
export interface InviteIntroduced {
  readonly channel: SealedChannel
  readonly account: AccountId
  readonly peer: DeviceId
}

/** The invite is good; who came with it has to say who it is. */
export interface InviteAnswered {
  readonly channel: SealedChannel
  readonly peer: DeviceId
  readonly invite: string
  readonly usedBy: AccountId | undefined
  readonly own: Introduction
}

/** What a dialler begins with. */
export interface InviteDialling {
  readonly code: InviteCode
  readonly self: DeviceId
  /** The device that was dialled: of the code, or another of its account. */
  readonly peer: DeviceId
  /** This account, as the other one is to know it. */
  readonly own: Introduction
}

/**
 * Dialler, step 1: proves the invite's secret.
 *
 * @example
 * ```ts
 * const dialled = dialInvite({ code, self, peer: code.device, own }, environment)
 * await stream.send(dialled.send)
 * const introduced = readInviteAnswer(dialled.state, await nextFrame(), environment)
 * if (introduced.kind === 'refused') return fail(introduced)
 * await stream.send(introduced.send)
 * const outcome = readInviterIntroduction(introduced.state, await nextFrame(), environment)
 * if (outcome.kind === 'refused') return fail(outcome)
 * await storeContact(outcome.contact)
 * ```
 */
export function dialInvite(
  { code, self, peer, own }: InviteDialling,
  { rng }: Environment,
): { readonly state: InviteDialled; readonly send: Uint8Array } {
  const key = inviteKey(code.secret)
  const purposes = INVITE_PURPOSES
  const dialled = dialChannel({ purposes, key: { key, id: inviteId(key) }, self, peer }, rng)
  const state = { channel: dialled.state, account: code.account, peer, own }
  return { state, send: dialled.send }
}

/**
 * Dialler, step 2 and 3: the inviter has proved the secret; introduces this account to it.
 *
 * @throws ERR_TOO_LARGE for an introduction that is too long
 */
export function readInviteAnswer(
  { channel, account, peer, own }: InviteDialled,
  frame: Uint8Array,
  { rng }: Environment,
):
  | { readonly kind: 'introduced'; readonly state: InviteIntroduced; readonly send: Uint8Array }
  | Refused {
  const proved = completeChannel(channel, frame)
  if (proved.kind === 'refused') return proved
  if (own.account === account) return sealRefusal(proved.channel, 'ERR_LINK_ACCOUNT', rng)
  const sealed = sealContent(proved.channel, introductionCodec.encode(own), rng)
  return {
    kind: 'introduced',
    state: { channel: sealed.channel, account, peer },
    send: sealed.send,
  }
}

/** Dialler, step 4: the inviter's account, which is the one the code names. */
export function readInviterIntroduction(
  { channel, account, peer }: InviteIntroduced,
  frame: Uint8Array,
  environment: Environment,
): { readonly kind: 'done'; readonly contact: Introduced } | Refused {
  const opened = openContent(channel, frame, environment.rng)
  if (opened.kind === 'refused') return opened
  const read = readIntroduction(opened.content, peer, environment)
  if (read.kind === 'fault') return sealRefusal(opened.channel, read.code, environment.rng)
  if (read.contact.account !== account) {
    return sealRefusal(opened.channel, 'ERR_LINK_ACCOUNT', environment.rng)
  }
  return { kind: 'done', contact: read.contact }
}

/** What the inviting account knows of an invite. */
export interface KnownInvite {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** ms since 1970 UTC */
  readonly expiresAt: number
  /** The account that used it, if one has. */
  readonly usedBy?: AccountId
}

/** What an answerer begins with. */
export interface InviteAnswering {
  readonly self: DeviceId
  /** Who dialled, as Noise authenticated it. */
  readonly peer: DeviceId
  /** Looks an invite up by its name (`InviteRecord.invite`). */
  readonly lookup: (invite: string) => KnownInvite | undefined
  /** This account, as the other one is to know it. */
  readonly own: Introduction
}

/** Answerer, step 1 and 2: checks the proof of whoever dialled and proves the secret in turn. */
export function answerInvite(
  { self, peer, lookup, own }: InviteAnswering,
  frame: Uint8Array,
  { clock, rng }: Environment,
):
  | { readonly kind: 'answered'; readonly state: InviteAnswered; readonly send: Uint8Array }
  | Refused {
  const keyOf = (id: Uint8Array): Uint8Array | RefusalCode => {
    const known = lookup(inviteName(id))
    if (known === undefined) return 'ERR_CODE_WRONG_SECRET'
    return clock.now() < known.expiresAt ? known.key : 'ERR_CODE_EXPIRED'
  }
  const purposes = INVITE_PURPOSES
  const answer = answerChannel({ purposes, self, peer, keyOf, greeting: NOTHING }, frame, rng)
  if (answer.kind === 'refused') return answer
  const { channel, keyId, send } = answer
  const invite = inviteName(keyId)
  const state = { channel, peer, invite, usedBy: lookup(invite)?.usedBy, own }
  return { kind: 'answered', state, send }
}

/** Names stand in the introductions, which are sealed. */
const NOTHING = new Uint8Array()

/** A contact that came by an invite. */
export interface Invited {
  readonly kind: 'invited'
  /** Store it, and mark `invite` as used by its account, before sending. */
  readonly contact: Introduced
  readonly invite: string
  readonly send: Uint8Array
}

/**
 * Answerer, step 3 and 4: who came, and this account's introduction to it. An invite that was used
 * serves the account that used it again, so that a broken connection costs nothing (LNK-14).
 *
 * @throws ERR_TOO_LARGE for an own introduction that is too long
 */
export function readInvitedIntroduction(
  { channel, peer, invite, usedBy, own }: InviteAnswered,
  frame: Uint8Array,
  environment: Environment,
): Invited | Refused {
  const { rng } = environment
  const opened = openContent(channel, frame, rng)
  if (opened.kind === 'refused') return opened
  const read = readIntroduction(opened.content, peer, environment)
  if (read.kind === 'fault') return sealRefusal(opened.channel, read.code, rng)
  const { contact } = read
  if (usedBy !== undefined && usedBy !== contact.account) {
    return sealRefusal(opened.channel, 'ERR_CODE_USED', rng)
  }
  if (contact.account === own.account) return sealRefusal(opened.channel, 'ERR_LINK_ACCOUNT', rng)
  const { send } = sealContent(opened.channel, introductionCodec.encode(own), rng)
  return { kind: 'invited', contact, invite, send }
}

interface IntroductionFault {
  readonly kind: 'fault'
  readonly code: RefusalCode
}

/** LNK-15: the log is of the account it is said to be, and who speaks is one of its devices. */
function readIntroduction(
  content: Uint8Array,
  peer: DeviceId,
  { clock }: Environment,
): { readonly kind: 'read'; readonly contact: Introduced } | IntroductionFault {
  let introduction: Introduction
  try {
    introduction = introductionCodec.decode(content)
  } catch {
    return { kind: 'fault', code: 'ERR_MALFORMED' }
  }
  try {
    const { account } = introduction
    const log = reduceDeviceLog(account, deviceLogCodec.decode(introduction.log))
    const isIn = devicesIn(log, { now: clock.now() }).some(({ device }) => device === peer)
    if (!isIn) return { kind: 'fault', code: 'ERR_LINK_ACCOUNT' }
    return { kind: 'read', contact: { account, log, introduction } }
  } catch (error) {
    if (!isKithError(error)) throw error
    return { kind: 'fault', code: 'ERR_LINK_ACCOUNT' }
  }
}
