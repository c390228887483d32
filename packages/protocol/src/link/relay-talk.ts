/**
 * `/kith/relay/1`: a device shows a relay of its account's own who is in that account, so that the relay
 * serves those devices and nobody else (RLY-70 to RLY-76). Noise has proved to both who they talk to.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { type Codec, codec } from '../codec/codec.ts'
import { accountId } from '../codec/id-shapes.ts'
import { bytes, list, record, type Shape, text, variants } from '../codec/shape.ts'
import { domainBytes } from '../identity/domain.ts'
import { deviceLogCodec, MAX_ENTRY_BYTES, type SignedEntry } from '../identity/log-entry.ts'
import { type AccountId, accountIdToBytes, type DeviceId, publicKeyOfDevice } from '../ids.ts'
import { SECRET_BYTES } from './code-text.ts'

/** Strangers may send frames too: each is small, and a log goes in several. */
export const MAX_RELAY_FRAME_BYTES: number = 32 * 1024
/** Addresses a relay tells: as many as it hands out with a reservation. */
const MAX_ADDRESSES = 16
const MAX_ADDRESS_LENGTH = 512

/** What a device says. */
export type RelayQuestion =
  /** I am of an account that you may know: {@link relayTag}. Tells nothing to a relay that does not. */
  | { readonly kind: 'show'; readonly tag: Uint8Array }
  /** You have no owner, and I know your code. */
  | { readonly kind: 'claim'; readonly account: AccountId; readonly secret: Uint8Array }
  /** Entries of the log, after `want`: encoded as a device log, as many as fit. */
  | { readonly kind: 'entries'; readonly log: Uint8Array }

/** Why a relay does not serve an account. */
export type RelayRefusal =
  /** It belongs to another account, or to nobody yet. */
  | 'not-yours'
  /** The code is wrong, used, or too old. */
  | 'code'
  /** It has an owner already. */
  | 'owned'
  /** The log does not say that the asking device is in. */
  | 'not-in'
  /** Too many have asked from there: later. */
  | 'busy'

/** What a relay says. */
export type RelayAnswer =
  /** Show me the log of your account: {@link relayProof} says that I know which it is. */
  | { readonly kind: 'want'; readonly proof: Uint8Array }
  /** Whoever is in is served from now on; the addresses are those of the relay, as text. */
  | { readonly kind: 'served'; readonly addresses: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }

const questionShape: Shape<RelayQuestion> = variants('kind', {
  show: record({ tag: bytes({ length: 32 }) }),
  claim: record({ account: accountId, secret: bytes({ length: SECRET_BYTES }) }),
  entries: record({ log: bytes({ max: MAX_RELAY_FRAME_BYTES - 64 }) }),
})

const answerShape: Shape<RelayAnswer> = variants('kind', {
  want: record({ proof: bytes({ length: 32 }) }),
  served: record({
    addresses: list(text({ max: MAX_ADDRESS_LENGTH }), { max: MAX_ADDRESSES }),
  }),
  refused: record({ reason: text({ max: 32 }) }),
})

/** From the device to the relay. */
export const relayQuestionCodec: Codec<RelayQuestion> = codec(questionShape, {
  maxBytes: MAX_RELAY_FRAME_BYTES,
})

/** From the relay to the device. */
export const relayAnswerCodec: Codec<RelayAnswer> = codec(answerShape, {
  maxBytes: MAX_RELAY_FRAME_BYTES,
})

/** Who talks to which relay about which account. */
export interface RelayTalkers {
  readonly relay: DeviceId
  readonly device: DeviceId
  readonly account: AccountId
}

/**
 * By which a relay recognises an account it serves. Any other relay learns neither the account nor which
 * devices are of one: an account id is a hash that only those know who were told it, and the device is in it.
 */
export function relayTag(talkers: RelayTalkers): Uint8Array {
  return talkHash('relay tag', talkers)
}

/** By which a device knows that the relay does serve its account, before it shows anything of it. */
export function relayProof(talkers: RelayTalkers): Uint8Array {
  return talkHash('relay proof', talkers)
}

function talkHash(
  purpose: 'relay tag' | 'relay proof',
  { relay, device, account }: RelayTalkers,
): Uint8Array {
  const keys = [publicKeyOfDevice(relay), publicKeyOfDevice(device)]
  return sha256(domainBytes(purpose, ...keys, accountIdToBytes(account)))
}

/** Entries that surely fit one frame. */
const ENTRIES_PER_FRAME: number = Math.floor((MAX_RELAY_FRAME_BYTES - 128) / MAX_ENTRY_BYTES)

/** A device log as the questions that carry it. */
export function entriesInFrames(entries: readonly SignedEntry[]): readonly RelayQuestion[] {
  const frames = Math.ceil(entries.length / ENTRIES_PER_FRAME)
  return Array.from({ length: frames }, (_, at) => ({
    kind: 'entries',
    log: deviceLogCodec.encode(entries.slice(at * ENTRIES_PER_FRAME, (at + 1) * ENTRIES_PER_FRAME)),
  }))
}
