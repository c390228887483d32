import {
  type AccountId,
  accountId,
  bool,
  bytes,
  type ChatId,
  type Codec,
  chatId,
  codec,
  type DeviceId,
  deviceId,
  type EntryId,
  list,
  MAX_COPY_BYTES,
  MAX_ENVELOPE_BYTES,
  type MessageId,
  messageId,
  optional,
  parseAccountId,
  parseChatId,
  parseDeviceId,
  parseEntryId,
  parseMessageId,
  record,
  type Shape,
  type SignedEntry,
  signedEntryCodec,
  text,
  uint,
} from '@kithmesh/protocol'
import { type Lane, type LogRecord, type RangeSet, recordCodec } from '@kithmesh/sync'
import { MAX_ADDRESSES } from './addresses.ts'
import type { ChatState } from './chats/chat-states.ts'
import { type AuthorCount, MAX_CLOSED_RANGES } from './delivery/author-numbers.ts'
import { type Reset, resetCodec } from './delivery/mending.ts'
import { MAX_HELD_RANGES } from './delivery/on-sibling.ts'
import { type KeptCopy, keptCopyCodec } from './recovery/shelf.ts'
import { idPart, singleKey, textPart, tupleKey, uintPart } from './store/key-codec.ts'
import type { Store, Table } from './store/store-types.ts'

/** Everything one device keeps on disk, by table. */
export interface Tables {
  /** Single values of this device, by name. */
  readonly device: Table<string, Uint8Array>
  /** What the device was told at its starts. */
  readonly settings: Table<'device', DeviceSettings>
  readonly logEntries: Table<readonly [AccountId, EntryId], SignedEntry>
  readonly cards: Table<DeviceId, Uint8Array>
  /** Private halves of our own cards' prekeys, by card number. */
  readonly prekeys: Table<number, Uint8Array>
  readonly addresses: Table<DeviceId, readonly string[]>
  readonly lastSeen: Table<DeviceId, number>
  readonly sessions: Table<DeviceId, Uint8Array>
  /** When and how this device last began anew with a device whose envelope it could not open. */
  readonly resets: Table<DeviceId, Reset>
  readonly chats: Table<ChatId, ChatState>
  /** Contents by chat and hybrid time. */
  readonly contents: Table<readonly [ChatId, number, MessageId], Uint8Array>
  readonly contentPlaces: Table<MessageId, ContentPlace>
  /** Contents by author and number: what is missing shows, and what is asked for is found (DEL-57). */
  readonly numbers: Table<NumberKey, NumberedContent>
  /** Contents that name a parent which is not here, by that parent. */
  readonly awaited: Table<readonly [MessageId, MessageId], boolean>
  /** What is known of an author's numbers beside the contents that are here. */
  readonly authorCounts: Table<readonly [ChatId, AccountId, DeviceId], AuthorCount>
  readonly outbox: Table<readonly [DeviceId, number], OutboxValue>
  /** Contents of this account that some device of the recipient lacks, by chat and the author's time. */
  readonly undelivered: Table<readonly [ChatId, number, MessageId], UndeliveredValue>
  /** When devices of contacts came into their logs as this device saw it, ms since 1970 UTC. */
  readonly firstSeen: Table<readonly [AccountId, DeviceId], number>
  /** From which number on what an own device writes is for a device of an account, whatever its date: by author (DEL-67). */
  readonly addressed: Table<readonly [AccountId, DeviceId, DeviceId], number>
  readonly reached: Table<readonly [MessageId, DeviceId], boolean>
  /** When a device of the recipient said that a message was shown, ms since 1970 UTC. */
  readonly reads: Table<readonly [MessageId, AccountId, DeviceId], number>
  /** Messages of contacts that nobody has looked at yet. */
  readonly unread: Table<readonly [AccountId, MessageId], UnreadValue>
  /** Numbers of contents of contacts that were shown here, and that siblings are still to be told of (DEL-46). */
  readonly untoldReads: Table<readonly [AccountId, DeviceId, number], boolean>
  /** Messages that were shown, and whose author is still to be told. */
  readonly owedReceipts: Table<readonly [AccountId, MessageId], boolean>
  /** Numbers in this device's own lane of the account log, of own messages that have reached nobody yet. */
  readonly ownPlaces: Table<MessageId, number>
  /** What each sibling said that it holds of this device's messages lane. */
  readonly siblingHoldings: Table<DeviceId, RangeSet>
  /** Records of the account log, by author device, lane and number. */
  readonly records: Table<readonly [DeviceId, Lane, number], LogRecord>
  /** Runs of places of the account log that need not be stored, by first and last place. */
  readonly covered: Table<readonly [DeviceId, Lane, number, number], boolean>
  /** Devices seen to have written two things in one place, by where; each is told of once. */
  readonly alerts: Table<readonly [DeviceId, string], StoredAlert>
  /** Recovery copies of contacts, and beside them what is known without reading them. */
  readonly copies: Table<AccountId, Uint8Array>
  readonly keptCopies: Table<AccountId, KeptCopy>
}

/** Kept from start to start. */
export interface DeviceSettings {
  readonly name: string
  readonly relays: readonly string[]
}

/** Where a content stands: `at` is its place in the chat, not its time (DEL-55). */
export interface ContentPlace {
  readonly chat: ChatId
  readonly at: number
}

/** A chat, an author's account and device, and the number it gave to a content. */
export type NumberKey = readonly [ChatId, AccountId, DeviceId, number]

/** The content with a number, and when it was written, ms since 1970 UTC. */
export interface NumberedContent {
  readonly message: MessageId
  readonly at: number
}

/** What is kept of an alert beside where it is from. */
export interface StoredAlert {
  readonly account: AccountId
  /** When it was noticed here, ms since 1970 UTC. */
  readonly at: number
  /** An encoded fork proof; empty where there is none to give. */
  readonly proof: Uint8Array
}

/** An outbox entry without its key. */
export interface OutboxValue {
  readonly message: MessageId
  readonly envelope?: Uint8Array
}

/** What is kept of a content that waits, beside its key. */
export interface UndeliveredValue {
  /** The own device that wrote it, and its number among what that one wrote in the chat. */
  readonly author: DeviceId
  readonly seq: number
  readonly isReceipt: boolean
}

/** Where a message that is unread stands in its chat, and who wrote it. */
export interface UnreadValue {
  /** ms since 1970 UTC, by the hybrid clock of the chat */
  readonly at: number
  readonly author: DeviceId
  /** Its number among what its author wrote in the chat. */
  readonly number: number
}

/** The largest single value is the account data of a recovery: of up to 16 copies, merged. */
const MAX_DEVICE_VALUE_BYTES = 16 * MAX_COPY_BYTES
const MAX_VALUE_BYTES = 64 * 1024
const MAX_CONTENT_BYTES = 32 * 1024

const deviceKey = singleKey(idPart<DeviceId>(parseDeviceId))
const laneKeyCodec = tupleKey(idPart<DeviceId>(parseDeviceId), textPart<Lane>(), uintPart())
const spanKeyCodec = tupleKey(
  idPart<DeviceId>(parseDeviceId),
  textPart<Lane>(),
  uintPart(),
  uintPart(),
)
const messageKey = singleKey(idPart<MessageId>(parseMessageId))
/** A message by the contact who wrote it. */
const receivedKey = tupleKey(idPart<AccountId>(parseAccountId), idPart<MessageId>(parseMessageId))

/** Opens every table of a store. */
export function openTables(store: Store): Tables {
  return {
    device: store.table('device', {
      key: singleKey(textPart()),
      value: bytesCodec(MAX_DEVICE_VALUE_BYTES),
    }),
    settings: store.table('settings', {
      key: singleKey(textPart<'device'>()),
      value: shaped(settingsShape, 8 * 1024),
    }),
    logEntries: store.table('log entries', {
      key: tupleKey(idPart<AccountId>(parseAccountId), idPart<EntryId>(parseEntryId)),
      value: signedEntryCodec,
    }),
    cards: store.table('cards', { key: deviceKey, value: bytesCodec(MAX_VALUE_BYTES) }),
    prekeys: store.table('prekeys', {
      key: singleKey(uintPart()),
      value: bytesCodec(MAX_VALUE_BYTES),
    }),
    addresses: store.table('addresses', {
      key: deviceKey,
      value: shaped(list(text({ max: 512 }), { max: MAX_ADDRESSES }), 16 * 1024),
    }),
    lastSeen: store.table('last seen', { key: deviceKey, value: shaped(uint(), 16) }),
    sessions: store.table('sessions', { key: deviceKey, value: bytesCodec(4 * 1024 * 1024) }),
    resets: store.table('resets', { key: deviceKey, value: resetCodec }),
    chats: store.table('chats', {
      key: singleKey(idPart<ChatId>(parseChatId)),
      value: shaped(chatStateShape, 1024),
    }),
    contents: store.table('contents', {
      key: tupleKey(idPart<ChatId>(parseChatId), uintPart(), idPart<MessageId>(parseMessageId)),
      value: bytesCodec(MAX_CONTENT_BYTES),
    }),
    contentPlaces: store.table('content places', {
      key: messageKey,
      value: shaped(contentPlaceShape, 128),
    }),
    numbers: store.table('numbers', {
      key: tupleKey(
        idPart<ChatId>(parseChatId),
        idPart<AccountId>(parseAccountId),
        idPart<DeviceId>(parseDeviceId),
        uintPart(),
      ),
      value: shaped(record({ message: messageId, at: uint() }), 64),
    }),
    awaited: store.table('awaited', {
      key: tupleKey(idPart<MessageId>(parseMessageId), idPart<MessageId>(parseMessageId)),
      value: shaped(bool(), 8),
    }),
    authorCounts: store.table('author counts', {
      key: tupleKey(
        idPart<ChatId>(parseChatId),
        idPart<AccountId>(parseAccountId),
        idPart<DeviceId>(parseDeviceId),
      ),
      value: shaped(authorCountShape, 4 * 1024),
    }),
    outbox: store.table('outbox', {
      key: tupleKey(idPart<DeviceId>(parseDeviceId), uintPart()),
      value: shaped(outboxShape, MAX_ENVELOPE_BYTES + 64),
    }),
    undelivered: store.table('undelivered', {
      key: tupleKey(idPart<ChatId>(parseChatId), uintPart(), idPart<MessageId>(parseMessageId)),
      value: shaped(undeliveredShape, 128),
    }),
    firstSeen: store.table('first seen', {
      key: tupleKey(idPart<AccountId>(parseAccountId), idPart<DeviceId>(parseDeviceId)),
      value: shaped(uint(), 16),
    }),
    addressed: store.table('addressed', {
      key: tupleKey(
        idPart<AccountId>(parseAccountId),
        idPart<DeviceId>(parseDeviceId),
        idPart<DeviceId>(parseDeviceId),
      ),
      value: shaped(uint(), 16),
    }),
    reached: store.table('reached', {
      key: tupleKey(idPart<MessageId>(parseMessageId), idPart<DeviceId>(parseDeviceId)),
      value: shaped(bool(), 8),
    }),
    reads: store.table('reads', {
      key: tupleKey(
        idPart<MessageId>(parseMessageId),
        idPart<AccountId>(parseAccountId),
        idPart<DeviceId>(parseDeviceId),
      ),
      value: shaped(uint(), 16),
    }),
    unread: store.table('unread', {
      key: receivedKey,
      value: shaped(record({ at: uint(), author: deviceId, number: uint() }), 96),
    }),
    untoldReads: store.table('untold reads', {
      key: tupleKey(idPart<AccountId>(parseAccountId), idPart<DeviceId>(parseDeviceId), uintPart()),
      value: shaped(bool(), 8),
    }),
    owedReceipts: store.table('owed receipts', { key: receivedKey, value: shaped(bool(), 8) }),
    ownPlaces: store.table('own places', { key: messageKey, value: shaped(uint(), 16) }),
    siblingHoldings: store.table('sibling holdings', {
      key: deviceKey,
      value: shaped(rangesShape, 4 * 1024),
    }),
    records: store.table('records', {
      key: laneKeyCodec,
      value: recordCodec,
    }),
    covered: store.table('covered', { key: spanKeyCodec, value: shaped(bool(), 8) }),
    alerts: store.table('alerts', {
      key: tupleKey(idPart<DeviceId>(parseDeviceId), textPart()),
      value: shaped(alertShape, MAX_VALUE_BYTES),
    }),
    copies: store.table('recovery copies', {
      key: singleKey(idPart<AccountId>(parseAccountId)),
      value: bytesCodec(MAX_COPY_BYTES),
    }),
    keptCopies: store.table('kept copies', {
      key: singleKey(idPart<AccountId>(parseAccountId)),
      value: keptCopyCodec,
    }),
  }
}

const settingsShape: Shape<DeviceSettings> = record({
  name: text({ max: 512 }),
  relays: list(text({ max: 512 }), { max: 8 }),
})

const chatStateShape: Shape<ChatState> = record({
  nextSeq: uint(),
  heads: list(messageId, { max: 16 }),
  lastAt: uint(),
})

const contentPlaceShape: Shape<ContentPlace> = record({ chat: chatId, at: uint() })

const rangesShape: Shape<RangeSet> = list(record({ from: uint(), to: uint() }), {
  max: MAX_HELD_RANGES,
})

const closedShape: Shape<RangeSet> = list(record({ from: uint(), to: uint() }), {
  max: MAX_CLOSED_RANGES,
})

const authorCountShape: Shape<AuthorCount> = record({
  settled: uint(),
  first: uint(),
  past: closedShape,
  gone: closedShape,
})

const alertShape: Shape<StoredAlert> = record({
  account: accountId,
  at: uint(),
  proof: bytes({ max: 16 * 1024 }),
})

const undeliveredShape: Shape<UndeliveredValue> = record({
  author: deviceId,
  seq: uint(),
  isReceipt: bool(),
})

const outboxShape = record({
  message: messageId,
  envelope: optional(bytes({ max: MAX_ENVELOPE_BYTES })),
}) satisfies Shape<OutboxValue>

function shaped<T>(shape: Shape<T>, maxBytes: number): Codec<T> {
  return codec(shape, { maxBytes })
}

/** Bytes as they are: what they hold has a codec of its own. */
function bytesCodec(max: number): Codec<Uint8Array> {
  return codec(bytes({ max }), { maxBytes: max + 16 })
}
