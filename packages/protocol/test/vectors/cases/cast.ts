/** Ada and Ben, the same two devices in every file. */

import {
  accountIdOfGenesis,
  createGenesis,
  deriveAccountRoot,
  deviceIdFromPublicKey,
  directChatId,
  parseAccountId,
  signerFromSeed,
} from '../../../src/index.ts'
import { createAuthor, outOf } from '../author.ts'
import { fromHex, type JsonObject, numberIn, textIn, toHex } from '../json.ts'

/** When everything begins: 2026-11-22T00:00:00Z. */
export const START: number = Date.UTC(2026, 10, 22)
/** Milliseconds. */
export const HOUR = 3_600_000
/** Milliseconds. */
export const DAY: number = 24 * HOUR

/** One device, with every secret it has. */
export interface Member {
  readonly entropy: string
  readonly rootKey: string
  readonly genesisBody: string
  readonly account: string
  readonly device: string
  readonly deviceSeed: string
  readonly identitySecret: string
  /** Encoded. */
  readonly card: string
  /** As operations read them. */
  readonly prekeys: JsonObject
}

/** Both of them. */
export interface VectorCast {
  readonly ada: Member
  readonly ben: Member
  /** Their chat. */
  readonly chat: string
}

/** Makes them; the same at every call. */
export async function createVectorCast(): Promise<VectorCast> {
  const [ada, ben] = [await memberOf('ada'), await memberOf('ben')]
  const chat = directChatId(parseAccountId(ada.account), parseAccountId(ben.account))
  return { ada, ben, chat }
}

async function memberOf(name: string): Promise<Member> {
  const author = createAuthor(`cast/${name}`)
  const entropy = author.hex(16)
  const deviceSeed = author.hex(32)
  const identitySecret = author.hex(32)
  const root = deriveAccountRoot(fromHex(entropy))
  const device = signerFromSeed(fromHex(deviceSeed))
  const genesis = await createGenesis({
    root: root.signer,
    recoveryKey: root.recoveryPublicKey,
    device,
    at: START,
  })
  const making = { deviceSeed, identitySecret, number: 1, now: START }
  const card = outOf(await author.makes('card', 'make-card', making))
  return {
    entropy,
    rootKey: toHex(root.signer.publicKey),
    genesisBody: toHex(genesis.body),
    account: accountIdOfGenesis(genesis),
    device: deviceIdFromPublicKey(device.publicKey),
    deviceSeed,
    identitySecret,
    card: textIn(card, 'encoded'),
    prekeys: prekeysOfCard(card),
  }
}

/** The secrets of a card that was made. */
function prekeysOfCard(card: JsonObject): JsonObject {
  return {
    number: numberIn(card, 'number'),
    createdAt: numberIn(card, 'createdAt'),
    prekeySecret: textIn(card, 'prekeySecret'),
    kemPrekeySeed: textIn(card, 'kemPrekeySeed'),
  }
}

/** Who a member is, as envelopes and contents say it. */
export function partyOf({ account, device }: Member): JsonObject {
  return { account, device }
}

/** Hex with one byte changed. */
export function flipped(hex: string, at: number, xor = 1): string {
  const bytes = fromHex(hex)
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ xor
  return toHex(bytes)
}

/** Hex with one part, which must be in it, replaced by another. */
export function replaced(hex: string, part: string, by: string): string {
  const at = hex.indexOf(part)
  if (at < 0 || at % 2 === 1) throw new Error('the part is not in it')
  return hex.slice(0, at) + by + hex.slice(at + part.length)
}

/** UTF-8 in hex. */
export function hexOfText(text: string): string {
  return toHex(new TextEncoder().encode(text))
}
