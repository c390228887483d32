/**
 * Linking, on the existing device: it takes a new device in. Each step is a function of the state before
 * and the frame that came; the caller sends, waits and stores (LNK-10, LNK-11). It begins when both
 * devices have met, whoever of them dialled (meeting.ts).
 */

import type { Environment } from '../environment.ts'
import { isKithError } from '../errors.ts'
import { type DeviceLogState, lastEntryOf, mergeDeviceLogs } from '../identity/device-log.ts'
import type { Signer } from '../identity/keys.ts'
import { draftAdd, signAdd } from '../identity/log-authoring.ts'
import {
  type DeviceRights,
  deviceLogCodec,
  entryIdOfBody,
  type SignedEntry,
} from '../identity/log-entry.ts'
import { type DeviceStanding, MAX_DEVICES_IN } from '../identity/log-standing.ts'
import { type DeviceId, deviceIdFromPublicKey } from '../ids.ts'
import { agreementCodec, grantCodec, type LinkGrant, proposalCodec } from './link-messages.ts'
import { mayTakeIn } from './may-take-in.ts'
import type { LinkMet } from './meeting.ts'
import type { RefusalCode, Refused } from './refusal.ts'
import { openContent, type SealedChannel, sealContent, sealRefusal } from './sealed-channel.ts'

/** The new device was asked to agree. */
export interface LinkProposed {
  readonly channel: SealedChannel
  readonly device: DeviceId
  readonly log: DeviceLogState
  readonly add: Uint8Array
  /** The add, if the device is in the log already. */
  readonly known: SignedEntry | undefined
  readonly author: Signer
}

/** The new device is in the log; once that is stored, it can be told. */
export interface LinkAgreed {
  readonly channel: SealedChannel
  readonly signature: Uint8Array
}

/** The new device was told; it has to say that it has stored everything. */
export interface LinkGranted {
  readonly channel: SealedChannel
}

/** What a device is taken in with. */
export interface LinkTerms {
  /** The account's device log as it stands here. */
  readonly log: DeviceLogState
  readonly author: Signer
  readonly rights: DeviceRights
  /** Message history is served to the device from then on, ms since 1970 UTC (far linking: 24 h later). */
  readonly historyAt: number
  /** For a temporary session: the device is in until then, ms since 1970 UTC, and links no others. */
  readonly expiresAt?: number
}

/**
 * Step 1, confirmed: drafts the add and asks the new device to agree to it. A device that is in the
 * account already, because an earlier attempt broke off behind its add, is handed the rest (LNK-11).
 *
 * @example
 * ```ts
 * const dialled = dialCode({ code, self, description }, environment)
 * await stream.send(dialled.send)
 * const answered = readLinkAnswer(dialled.state, await nextFrame(), environment)
 * if (answered.kind === 'refused') return fail(answered)
 * const met = revealShare(answered.state, environment)
 * await stream.send(met.send)
 * const { digits, other } = met.state
 * if (!(await confirm(digits, other))) return fail(declineLink(met.state, 'ERR_LINK_DECLINED', environment))
 * const ready = readReady(met.state, await nextFrame(), environment)
 * if (ready.kind === 'refused') return fail(ready)
 * const terms = { log, author: signer, rights, historyAt }
 * const proposed = confirmLink(ready.state, terms, environment)
 * if (proposed.kind === 'refused') return fail(proposed)
 * await stream.send(proposed.send)
 * const agreed = await readLinkAgreement(proposed.state, await nextFrame(), environment)
 * if (agreed.kind === 'refused') return fail(agreed)
 * await store(agreed.log)
 * const granted = grantLink(agreed.state, { epochKeys, snapshot }, environment)
 * await stream.send(granted.send)
 * const done = readLinkDone(granted.state, await nextFrame(), environment)
 * ```
 */
export function confirmLink(
  { channel, peer: device }: LinkMet,
  terms: LinkTerms,
  { clock, rng }: Environment,
):
  | { readonly kind: 'proposed'; readonly state: LinkProposed; readonly send: Uint8Array }
  | Refused {
  const { log, author, rights, ...times } = terms
  const self = deviceIdFromPublicKey(author.publicKey)
  const fault = termsFault(terms, { self, device, now: clock.now() })
  if (fault !== undefined) return sealRefusal(channel, fault, rng)
  const { account } = log
  const known = knownAdd(log, device)
  const prev = lastEntryOf(log, self)
  // A session that ends takes nobody in who stays (LNK-20).
  const given = times.expiresAt === undefined ? rights : { link: false }
  const draft = { account, author: self, prev, device, rights: given, at: clock.now(), ...times }
  const add = known?.body ?? draftAdd(draft)
  const proposal = proposalCodec.encode({ account, log: deviceLogCodec.encode(log.entries), add })
  const sealed = sealContent(channel, proposal, rng)
  const state = { channel: sealed.channel, device, log, add, known, author }
  return { kind: 'proposed', state, send: sealed.send }
}

/** LNK-10: checked before the new device hears of the account. */
function termsFault(
  { log, expiresAt }: LinkTerms,
  {
    self,
    device,
    now,
  }: { readonly self: DeviceId; readonly device: DeviceId; readonly now: number },
): RefusalCode | undefined {
  const isForked = log.forks.some((fork) => fork.device === self)
  if (!mayTakeIn(log.devices.get(self)) || isForked) return 'ERR_LINK_RIGHT'
  if (device === self || device === log.first) return 'ERR_LINK_ALREADY'
  const known = log.devices.get(device)
  if (known?.state === 'in') return takeUpFault(log, known, { expiresAt, now })
  if (known?.state === 'revoked') return 'ERR_LINK_REVOKED'
  if (known?.state === 'suspended') return 'ERR_LINK_SUSPENDED'
  const taken = [...log.devices.values()].filter(({ state }) => state === 'in' || state === 'held')
  return taken.length < MAX_DEVICES_IN ? undefined : 'ERR_LINK_LIMIT'
}

/** LNK-11: an attempt is taken up with the add there is, which must not give more than is meant now. */
function takeUpFault(
  log: DeviceLogState,
  known: DeviceStanding,
  { expiresAt, now }: { readonly expiresAt: number | undefined; readonly now: number },
): RefusalCode | undefined {
  if (knownAdd(log, known.device) === undefined) return 'ERR_LINK_ALREADY'
  if (known.expiresAt !== undefined) {
    return known.expiresAt <= now ? 'ERR_LINK_REVOKED' : undefined
  }
  return expiresAt === undefined ? undefined : 'ERR_LINK_ALREADY'
}

function knownAdd(log: DeviceLogState, device: DeviceId): SignedEntry | undefined {
  const standing = log.devices.get(device)
  return standing === undefined ? undefined : log.genuine.get(standing.addedBy)?.signed
}

/** A device log with one device more, not yet known to anybody else. */
export interface Agreed {
  readonly kind: 'agreed'
  readonly state: LinkAgreed
  /** Store it before the next step. */
  readonly log: DeviceLogState
  readonly add: SignedEntry
  /** The new device's encoded card, still to be verified. */
  readonly card: Uint8Array
}

/** Step 2: the new device agreed; signs the add and takes it into the log. */
export async function readLinkAgreement(
  { channel, device, log, add, known, author }: LinkProposed,
  frame: Uint8Array,
  { rng }: Environment,
): Promise<Agreed | Refused> {
  const opened = openContent(channel, frame, rng)
  if (opened.kind === 'refused') return opened
  try {
    const { countersignature, card } = agreementCodec.decode(opened.content)
    const entry = known ?? (await signAdd(add, author, countersignature))
    const merged = mergeDeviceLogs(log, [entry])
    const standing = merged.devices.get(device)
    if (standing?.addedBy !== entryIdOfBody(add) || standing.state !== 'in') {
      return sealRefusal(opened.channel, 'ERR_LINK_ACCOUNT', rng)
    }
    const state = { channel: opened.channel, signature: entry.signature }
    return { kind: 'agreed', state, log: merged, add: entry, card }
  } catch (error) {
    if (!isKithError(error)) throw error
    return sealRefusal(opened.channel, 'ERR_MALFORMED', rng)
  }
}

/**
 * Step 3, after the add is stored: hands over what the account's devices share.
 *
 * @throws ERR_TOO_LARGE for epoch keys over 256 KiB or a snapshot over 1 MiB
 */
export function grantLink(
  { channel, signature }: LinkAgreed,
  shared: Omit<LinkGrant, 'signature'>,
  { rng }: Environment,
): { readonly state: LinkGranted; readonly send: Uint8Array } {
  const sealed = sealContent(channel, grantCodec.encode({ signature, ...shared }), rng)
  return { state: { channel: sealed.channel }, send: sealed.send }
}

/** Step 4: the new device has stored everything. */
export function readLinkDone(
  { channel }: LinkGranted,
  frame: Uint8Array,
  { rng }: Environment,
): { readonly kind: 'done' } | Refused {
  const opened = openContent(channel, frame, rng)
  return opened.kind === 'refused' ? opened : { kind: 'done' }
}
