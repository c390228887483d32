/**
 * Linking, on the existing device: it read the new device's code and dials it. Each step is a function
 * of the state before and the frame that came; the caller sends, waits and stores (LNK-6 … LNK-11).
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
import { MAX_DEVICES_IN } from '../identity/log-standing.ts'
import { type DeviceId, deviceIdFromPublicKey } from '../ids.ts'
import { completeChannel, type DialledChannel, dialChannel } from './channel.ts'
import { linkCodeId, linkCodeKey } from './code-life.ts'
import type { LinkCode } from './link-code.ts'
import {
  agreementCodec,
  type DeviceDescription,
  descriptionCodec,
  grantCodec,
  type LinkGrant,
  proposalCodec,
} from './link-messages.ts'
import { LINK_PURPOSES } from './purposes.ts'
import type { RefusalCode, Refused } from './refusal.ts'
import { openContent, type SealedChannel, sealContent, sealRefusal } from './sealed-channel.ts'

/** The code was dialled; the new device's answer is awaited. */
export interface LinkDialled {
  readonly channel: DialledChannel
  readonly device: DeviceId
}

/** Both sides have proved the secret; a person has to confirm. */
export interface LinkSeen {
  readonly channel: SealedChannel
  readonly device: DeviceId
}

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

/**
 * Step 1: proves the code's secret to the device that showed it. `self`: this device.
 *
 * @example
 * ```ts
 * const dialled = dialLink({ code, self }, environment)
 * await stream.send(dialled.send)
 * const seen = readLinkAnswer(dialled.state, await nextFrame(), environment)
 * if (seen.kind === 'refused') return fail(seen)
 * const proposed = (await confirm(seen.description))
 *   ? confirmLink(seen.state, { log, author: signer, rights, historyAt }, environment)
 *   : declineLink(seen.state, 'ERR_LINK_DECLINED', environment)
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
export function dialLink(
  { code, self }: { readonly code: LinkCode; readonly self: DeviceId },
  { rng }: Environment,
): { readonly state: LinkDialled; readonly send: Uint8Array } {
  const key = linkCodeKey(code.secret)
  const { state, send } = dialChannel(
    { purposes: LINK_PURPOSES, key: { key, id: linkCodeId(key) }, self, peer: code.device },
    rng,
  )
  return { state: { channel: state, device: code.device }, send }
}

/** Step 2: the new device has proved the secret too, and says what it is. */
export function readLinkAnswer(
  { channel, device }: LinkDialled,
  frame: Uint8Array,
  { rng }: Environment,
):
  | { readonly kind: 'seen'; readonly state: LinkSeen; readonly description: DeviceDescription }
  | Refused {
  const proved = completeChannel(channel, frame)
  if (proved.kind === 'refused') return proved
  try {
    const description = descriptionCodec.decode(proved.greeting)
    return { kind: 'seen', state: { channel: proved.channel, device }, description }
  } catch {
    return sealRefusal(proved.channel, 'ERR_MALFORMED', rng)
  }
}

/** What a device is taken in with. */
export interface LinkTerms {
  /** The account's device log as it stands here. */
  readonly log: DeviceLogState
  readonly author: Signer
  readonly rights: DeviceRights
  /** Message history is served to the device from then on, ms since 1970 UTC (far linking: 24 h later). */
  readonly historyAt: number
  /** For a temporary session: the device is in until then, ms since 1970 UTC. */
  readonly expiresAt?: number
}

/**
 * Step 3, confirmed: drafts the add and asks the new device to agree to it. A device that is in the
 * account already, because an earlier attempt broke off behind its add, is handed the rest (LNK-11).
 */
export function confirmLink(
  { channel, device }: LinkSeen,
  terms: LinkTerms,
  { clock, rng }: Environment,
):
  | { readonly kind: 'proposed'; readonly state: LinkProposed; readonly send: Uint8Array }
  | Refused {
  const { log, author, ...rest } = terms
  const self = deviceIdFromPublicKey(author.publicKey)
  const fault = termsFault(log, { self, device })
  if (fault !== undefined) return sealRefusal(channel, fault, rng)
  const { account } = log
  const known = knownAdd(log, device)
  const prev = lastEntryOf(log, self)
  const add =
    known?.body ?? draftAdd({ account, author: self, prev, device, at: clock.now(), ...rest })
  const proposal = proposalCodec.encode({ account, log: deviceLogCodec.encode(log.entries), add })
  const sealed = sealContent(channel, proposal, rng)
  const state = { channel: sealed.channel, device, log, add, known, author }
  return { kind: 'proposed', state, send: sealed.send }
}

/** LNK-10: checked before the new device hears of the account. */
function termsFault(
  log: DeviceLogState,
  { self, device }: { readonly self: DeviceId; readonly device: DeviceId },
): RefusalCode | undefined {
  const author = log.devices.get(self)
  const isForked = log.forks.some((fork) => fork.device === self)
  if (author?.state !== 'in' || !author.rights.link || isForked) return 'ERR_LINK_RIGHT'
  if (device === self || device === log.first) return 'ERR_LINK_ALREADY'
  const known = log.devices.get(device)?.state
  if (known === 'in') return undefined
  if (known === 'revoked' || known === 'suspended') return 'ERR_LINK_REVOKED'
  const taken = [...log.devices.values()].filter(({ state }) => state === 'in' || state === 'held')
  return taken.length < MAX_DEVICES_IN ? undefined : 'ERR_LINK_LIMIT'
}

function knownAdd(log: DeviceLogState, device: DeviceId): SignedEntry | undefined {
  const standing = log.devices.get(device)
  return standing === undefined ? undefined : log.genuine.get(standing.addedBy)?.signed
}

/** Step 3, not confirmed: tells the new device, and why. */
export function declineLink(
  { channel }: LinkSeen,
  code: 'ERR_LINK_DECLINED' | 'ERR_LINK_FAR' | 'ERR_LINK_LIMIT',
  { rng }: Environment,
): Refused {
  return sealRefusal(channel, code, rng)
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

/** Step 4: the new device agreed; signs the add and takes it into the log. */
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
 * Step 5, after the add is stored: hands over what the account's devices share.
 *
 * @throws ERR_TOO_LARGE for epoch keys over 32 KiB or a snapshot over 1 MiB
 */
export function grantLink(
  { channel, signature }: LinkAgreed,
  shared: Omit<LinkGrant, 'signature'>,
  { rng }: Environment,
): { readonly state: LinkGranted; readonly send: Uint8Array } {
  const sealed = sealContent(channel, grantCodec.encode({ signature, ...shared }), rng)
  return { state: { channel: sealed.channel }, send: sealed.send }
}

/** Step 6: the new device has stored everything. */
export function readLinkDone(
  { channel }: LinkGranted,
  frame: Uint8Array,
  { rng }: Environment,
): { readonly kind: 'done' } | Refused {
  const opened = openContent(channel, frame, rng)
  return opened.kind === 'refused' ? opened : { kind: 'done' }
}
