/**
 * How two devices meet to link (LNK-6, LNK-17 … LNK-19). The channel proves the secret of a code, where
 * there is one; inside it both draw a share of six digits, each without having seen the other's: the
 * dialler commits to its share, the answerer says its own, the dialler reveals. Whoever sits between two
 * devices speaks with each of them, and cannot make both conversations end in the same digits but by
 * luck, once in a million attempts.
 *
 *     dialler                                         answerer
 *        │  hello { id of key, commitment, ephemeral }, proof   │
 *        │ ───────────────────────────────────────────────────▶ │
 *        │  answer { share, ephemeral, description }, proof     │
 *        │ ◀─────────────────────────────────────────────────── │
 *        │  sealed { share, description }                       │
 *        │ ───────────────────────────────────────────────────▶ │
 *
 * Then persons compare on both devices; the new one says when its person agreed, and the existing one goes
 * on when its own did, too. Who dials has nothing to do with who joins: joining.ts and taking-in.ts go on
 * from here.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from '../codec/bytes.ts'
import { type Codec, codec } from '../codec/codec.ts'
import { bytes, record } from '../codec/shape.ts'
import type { Rng } from '../environment.ts'
import { domainBytes } from '../identity/domain.ts'
import {
  answerChannel,
  type ChannelEnds,
  type ChannelKey,
  type ChannelPurposes,
  completeChannel,
  type DialledChannel,
  dialChannel,
  MAX_GREETING_BYTES,
} from './channel.ts'
import { refusedFrame } from './frame.ts'
import { type DeviceDescription, descriptionCodec } from './link-messages.ts'
import { JOIN_PURPOSES, LINK_PURPOSES, NEARBY_PURPOSES } from './purposes.ts'
import type { RefusalCode, Refused } from './refusal.ts'
import { openContent, type SealedChannel, sealContent, sealRefusal } from './sealed-channel.ts'

/**
 * How two devices come together. `link`: the existing device dials by the code of the new one. `join`: the
 * new device dials by the code of the existing one. `nearby`: the existing device dials what announced
 * itself on the local network, without a code.
 */
export type LinkWay = 'link' | 'join' | 'nearby'

const PURPOSES: Readonly<Record<LinkWay, ChannelPurposes>> = {
  link: LINK_PURPOSES,
  join: JOIN_PURPOSES,
  nearby: NEARBY_PURPOSES,
}

/** A share of the digits: nobody guesses it from its commitment. */
const SHARE_BYTES = 32
/** Six: one in a million for whoever sits between, and people still compare them. */
const DIGITS = 6

/** What a dialler reveals. */
interface Reveal {
  readonly share: Uint8Array
  readonly description: Uint8Array
}

const revealCodec: Codec<Reveal> = codec(
  record({
    share: bytes({ length: SHARE_BYTES }),
    description: bytes({ max: MAX_GREETING_BYTES }),
  }),
  { maxBytes: SHARE_BYTES + MAX_GREETING_BYTES + 32 },
)

/** Two devices that speak with each other over a sealed channel, and have digits to compare. */
export interface LinkMet extends ChannelEnds {
  readonly channel: SealedChannel
  /** Six digits: the same on both devices when nobody sits between them (LNK-18). */
  readonly digits: string
  /** What the other device says it is. */
  readonly other: DeviceDescription
}

/** A dialler that waits for the answer. */
export interface LinkDialled {
  readonly channel: DialledChannel
  readonly share: Uint8Array
  readonly description: DeviceDescription
}

/** What a dialler begins with. */
export interface LinkDialling extends ChannelEnds {
  readonly way: LinkWay
  readonly key: ChannelKey
  /** What this device says it is. */
  readonly description: DeviceDescription
}

/** Step 1 of the dialler: proves the key, and commits to a share of the digits. */
export function dialMeeting(
  { way, key, self, peer, description }: LinkDialling,
  rng: Rng,
): { readonly state: LinkDialled; readonly send: Uint8Array } {
  const share = rng.bytes(SHARE_BYTES)
  const purposes = PURPOSES[way]
  const { state, send } = dialChannel({ purposes, key, self, peer, nonce: commitTo(share) }, rng)
  return { state: { channel: state, share, description }, send }
}

/** An answerer that waits for the dialler's share. */
export interface LinkAnswered extends ChannelEnds {
  readonly channel: SealedChannel
  readonly transcript: Uint8Array
  readonly commitment: Uint8Array
}

/** What an answerer begins with. */
export interface LinkAnswering extends ChannelEnds {
  readonly way: LinkWay
  readonly keyOf: (id: Uint8Array) => Uint8Array | RefusalCode
  /** What this device says it is. Who dials sees it only after proving the key. */
  readonly description: DeviceDescription
}

/** Step 1 of the answerer: checks the proof, proves the key in turn, says its share. */
export function answerMeeting(
  { way, self, peer, keyOf, description }: LinkAnswering,
  frame: Uint8Array,
  rng: Rng,
):
  | { readonly kind: 'answered'; readonly state: LinkAnswered; readonly send: Uint8Array }
  | Refused {
  const greeting = descriptionCodec.encode(description)
  const answering = { purposes: PURPOSES[way], self, peer, keyOf, greeting }
  const answer = answerChannel(answering, frame, rng)
  if (answer.kind === 'refused') return answer
  const { channel, transcript, nonce: commitment, send } = answer
  return { kind: 'answered', state: { channel, self, peer, transcript, commitment }, send }
}

/** A dialler that knows the digits and has not revealed its share. */
export interface LinkAnswerRead {
  readonly met: LinkMet
  readonly reveal: Uint8Array
}

/** Step 2 of the dialler: the other side has proved the key too, and said what it is. */
export function readLinkAnswer(
  { channel: dialled, share, description }: LinkDialled,
  frame: Uint8Array,
  { rng }: { readonly rng: Rng },
): { readonly kind: 'answered'; readonly state: LinkAnswerRead } | Refused {
  const proved = completeChannel(dialled, frame)
  if (proved.kind === 'refused') return proved
  const { channel, transcript } = proved
  const other = readDescription(proved.greeting)
  if (other === undefined) return sealRefusal(channel, 'ERR_MALFORMED', rng)
  const reveal = revealCodec.encode({ share, description: descriptionCodec.encode(description) })
  const met = { ...dialled.ends, channel, digits: digitsOf(transcript, share), other }
  return { kind: 'answered', state: { met, reveal } }
}

/** Step 3 of the dialler: reveals its share; both sides can show the digits now. */
export function revealShare(
  { met, reveal }: LinkAnswerRead,
  { rng }: { readonly rng: Rng },
): { readonly state: LinkMet; readonly send: Uint8Array } {
  const { channel, send } = sealContent(met.channel, reveal, rng)
  return { state: { ...met, channel }, send }
}

/** Step 2 of the answerer: the share has to be the one that was committed to. */
export function readReveal(
  { channel, self, peer, transcript, commitment }: LinkAnswered,
  frame: Uint8Array,
  { rng }: { readonly rng: Rng },
): { readonly kind: 'met'; readonly state: LinkMet } | Refused {
  const opened = openContent(channel, frame, rng)
  if (opened.kind === 'refused') return opened
  const revealed = readRevealed(opened.content)
  if (revealed === undefined) return sealRefusal(opened.channel, 'ERR_MALFORMED', rng)
  const { share, other } = revealed
  if (!equalBytes(commitTo(share), commitment)) {
    return sealRefusal(opened.channel, 'ERR_LINK_SEAL', rng)
  }
  const digits = digitsOf(transcript, share)
  return { kind: 'met', state: { self, peer, channel: opened.channel, digits, other } }
}

/** Ends a conversation that is sealed already: tells the other side, and why. */
export function declineLink(
  { channel }: Pick<LinkMet, 'channel'>,
  code: RefusalCode,
  { rng }: { readonly rng: Rng },
): Refused {
  return sealRefusal(channel, code, rng)
}

/** Ends a conversation before it is sealed. */
export function refuseOpening(code: RefusalCode): Refused {
  return { kind: 'refused', code, send: refusedFrame(code) }
}

/**
 * Whether what came while a person is being asked ends the conversation. Anything else is read again by
 * the step it belongs to.
 */
export function refusalIn(
  { channel }: Pick<LinkMet, 'channel'>,
  frame: Uint8Array,
  { rng }: { readonly rng: Rng },
): Refused | undefined {
  const opened = openContent(channel, frame, rng)
  return opened.kind === 'refused' ? opened : undefined
}

/** The new device says that it, or the person at it, agrees to go on (LNK-19). */
export function sayReady(
  met: LinkMet,
  { rng }: { readonly rng: Rng },
): { readonly state: LinkMet; readonly send: Uint8Array } {
  const { channel, send } = sealContent(met.channel, READY, rng)
  return { state: { ...met, channel }, send }
}

/** The existing device hears that the new one agrees. */
export function readReady(
  met: LinkMet,
  frame: Uint8Array,
  { rng }: { readonly rng: Rng },
): { readonly kind: 'ready'; readonly state: LinkMet } | Refused {
  const opened = openContent(met.channel, frame, rng)
  if (opened.kind === 'refused') return opened
  if (!equalBytes(opened.content, READY)) return sealRefusal(opened.channel, 'ERR_LINK_ORDER', rng)
  return { kind: 'ready', state: { ...met, channel: opened.channel } }
}

/** Says nothing but that it was sent: the seal tells which step it is. */
const READY = new Uint8Array()

/** What stands for a code where there is none: everybody knows it, so that only the digits count. */
export function nearbyKey(): ChannelKey {
  const key = sha256(domainBytes('nearby key'))
  return { key, id: key.slice(0, 16) }
}

/** The key of the channel of two devices that met nearby, by its id. */
export function nearbyKeyOf(id: Uint8Array): Uint8Array | RefusalCode {
  const nearby = nearbyKey()
  return equalBytes(nearby.id, id) ? nearby.key : 'ERR_CODE_WRONG_SECRET'
}

function commitTo(share: Uint8Array): Uint8Array {
  return sha256(domainBytes('link share', share))
}

/** LNK-18: of the whole transcript, which holds both devices, the commitment and the other share. */
function digitsOf(transcript: Uint8Array, share: Uint8Array): string {
  const hash = sha256(domainBytes('link digits', transcript, share))
  const number = new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0)
  return String(number % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0')
}

function readDescription(greeting: Uint8Array): DeviceDescription | undefined {
  try {
    return descriptionCodec.decode(greeting)
  } catch {
    return undefined
  }
}

function readRevealed(
  content: Uint8Array,
): { readonly share: Uint8Array; readonly other: DeviceDescription } | undefined {
  try {
    const { share, description } = revealCodec.decode(content)
    return { share, other: descriptionCodec.decode(description) }
  } catch {
    return undefined
  }
}
