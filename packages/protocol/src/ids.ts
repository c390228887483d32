/**
 * The ids of the mesh. Each kind is a type of its own in TypeScript and begins with another letter
 * on paper, so that none is ever taken for another (ID-1, proof A3). An id comes only from the
 * functions here and from the codecs built on them.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { base32nopad, base58 } from '@scure/base'
import { compareBytes } from './codec/bytes.ts'
import { remembered, rememberedByBytes } from './codec/remembered.ts'
import { KithError } from './errors.ts'
import { domainBytes, joinBytes } from './identity/domain.ts'

declare const kind: unique symbol

/** Text of the libp2p peer id of the device's Ed25519 key (`12D3KooW…`). */
export type DeviceId = string & { readonly [kind]: 'device' }
/** `a` and the base32 of the hash of the account's genesis entry. */
export type AccountId = string & { readonly [kind]: 'account' }
/** `e` and the base32 of the hash of an entry of a device log. */
export type EntryId = string & { readonly [kind]: 'entry' }
/** `m` and the base32 of the hash of a content, 16 bytes of it. */
export type MessageId = string & { readonly [kind]: 'message' }
/** `c` and the base32 of the hash of what makes the chat: for two people, both account ids. */
export type ChatId = string & { readonly [kind]: 'chat' }

/** Length of an Ed25519 public key, and of the hash in most ids. */
const HASH_BYTES = 32
/** A message id is cut to 16 bytes: it stands in every record, and 2^64 tries find a collision at best. */
const MESSAGE_ID_BYTES = 16
/** Protobuf of an Ed25519 libp2p public key inside an identity multihash (libp2p peer-ids spec). */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
/** Text length of every such peer id; checked first, since base58 takes quadratic time. */
const PEER_ID_LENGTH = 52

/** Reads a device id from text. @throws ERR_ID_MALFORMED */
export function parseDeviceId(text: string): DeviceId {
  if (typeof text !== 'string' || text.length !== PEER_ID_LENGTH) throw malformed('device')
  return deviceIdFromPublicKey(publicKeyInPeerId(text))
}

/** The id of the device that holds an Ed25519 key. `key`: 32 bytes, raw. @throws ERR_ID_MALFORMED */
export function deviceIdFromPublicKey(key: Uint8Array): DeviceId {
  if (key.length !== HASH_BYTES) throw malformed('device')
  return base58OfKey(key) as DeviceId
}

/** The Ed25519 key of a device, 32 bytes, raw. */
export function publicKeyOfDevice(device: DeviceId): Uint8Array {
  return publicKeyInPeerId(device)
}

function publicKeyInPeerId(text: string): Uint8Array {
  return bytesOfPeerId(text).slice()
}

const base58OfKey = rememberedByBytes((key) => base58.encode(joinBytes(PEER_ID_PREFIX, key)))

const bytesOfPeerId = remembered((text): Uint8Array => {
  const bytes = decoded('device', () => base58.decode(text))
  const prefixed = PEER_ID_PREFIX.every((byte, at) => bytes[at] === byte)
  if (!prefixed || bytes.length !== PEER_ID_PREFIX.length + HASH_BYTES) throw malformed('device')
  return bytes.slice(PEER_ID_PREFIX.length)
})

/** Reads an account id from text. @throws ERR_ID_MALFORMED */
export function parseAccountId(text: string): AccountId {
  return textFromBytes('account', bytesInText('account', text)) as AccountId
}

/** An account id from its 32 bytes. @throws ERR_ID_MALFORMED */
export function accountIdFromBytes(bytes: Uint8Array): AccountId {
  return textFromBytes('account', bytes) as AccountId
}

/** The 32 bytes of an account id. */
export function accountIdToBytes(account: AccountId): Uint8Array {
  return bytesInText('account', account)
}

/** Reads the id of a device log entry from text. @throws ERR_ID_MALFORMED */
export function parseEntryId(text: string): EntryId {
  return textFromBytes('entry', bytesInText('entry', text)) as EntryId
}

/** An entry id from its 32 bytes. @throws ERR_ID_MALFORMED */
export function entryIdFromBytes(bytes: Uint8Array): EntryId {
  return textFromBytes('entry', bytes) as EntryId
}

/** The 32 bytes of an entry id. */
export function entryIdToBytes(entry: EntryId): Uint8Array {
  return bytesInText('entry', entry)
}

/** Reads a message id from text. @throws ERR_ID_MALFORMED */
export function parseMessageId(text: string): MessageId {
  return textFromBytes('message', bytesInText('message', text)) as MessageId
}

/** A message id from its 16 bytes. @throws ERR_ID_MALFORMED */
export function messageIdFromBytes(bytes: Uint8Array): MessageId {
  return textFromBytes('message', bytes) as MessageId
}

/** The 16 bytes of a message id. */
export function messageIdToBytes(message: MessageId): Uint8Array {
  return bytesInText('message', message)
}

/** Reads a chat id from text. @throws ERR_ID_MALFORMED */
export function parseChatId(text: string): ChatId {
  return textFromBytes('chat', bytesInText('chat', text)) as ChatId
}

/** A chat id from its 32 bytes. @throws ERR_ID_MALFORMED */
export function chatIdFromBytes(bytes: Uint8Array): ChatId {
  return textFromBytes('chat', bytes) as ChatId
}

/** The 32 bytes of a chat id. */
export function chatIdToBytes(chat: ChatId): Uint8Array {
  return bytesInText('chat', chat)
}

/** The chat of two accounts; the same whoever asks (ID-3). */
export function directChatId(one: AccountId, other: AccountId): ChatId {
  const [a, b] = [one, other].map(accountIdToBytes).sort(compareBytes)
  if (a === undefined || b === undefined) throw malformed('chat')
  return chatIdFromBytes(sha256(domainBytes('direct chat id', a, b)))
}

/** The kinds that are one letter and base32; the letter, and how many bytes follow. */
const KINDS = {
  account: { letter: 'a', length: HASH_BYTES },
  entry: { letter: 'e', length: HASH_BYTES },
  message: { letter: 'm', length: MESSAGE_ID_BYTES },
  chat: { letter: 'c', length: HASH_BYTES },
} as const

type Kind = keyof typeof KINDS

function textFromBytes(name: Kind, bytes: Uint8Array): string {
  const { letter, length } = KINDS[name]
  if (bytes.length !== length) throw malformed(name)
  return letter + (isMetAgain(name) ? base32OfMet(bytes) : base32Of(bytes))
}

function bytesInText(name: Kind, text: string): Uint8Array {
  return isMetAgain(name) ? bytesOfMet[name](text).slice() : bytesRead(name, text)
}

/** Ids of accounts and chats stand in every envelope, those of entries in many; a message id once or twice. */
function isMetAgain(name: Kind): name is Exclude<Kind, 'message'> {
  return name !== 'message'
}

const base32OfMet = rememberedByBytes(base32Of)
const bytesOfMet = {
  account: remembered((text) => bytesRead('account', text)),
  entry: remembered((text) => bytesRead('entry', text)),
  chat: remembered((text) => bytesRead('chat', text)),
} as const

function base32Of(bytes: Uint8Array): string {
  return base32nopad.encode(bytes).toLowerCase()
}

function bytesRead(name: Kind, text: string): Uint8Array {
  const { letter, length } = KINDS[name]
  const textLength = 1 + Math.ceil((length * 8) / 5)
  if (typeof text !== 'string' || text.length !== textLength || !text.startsWith(letter)) {
    throw malformed(name)
  }
  const body = text.slice(1)
  if (body !== body.toLowerCase()) throw malformed(name)
  return decoded(name, () => base32nopad.decode(body.toUpperCase()))
}

function decoded(name: string, decode: () => Uint8Array): Uint8Array {
  try {
    return decode()
  } catch {
    throw malformed(name)
  }
}

/** Says the kind only: the text may hold somebody's whole id (protocol.md §7). */
function malformed(name: string): KithError {
  return new KithError('ERR_ID_MALFORMED', `not a well-formed ${name} id`)
}
