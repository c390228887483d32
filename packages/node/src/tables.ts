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
import { type Lane, type LogRecord, recordCodec } from '@kithmesh/sync'
import { MAX_ADDRESSES } from './addresses.ts'
import type { ChatState } from './chats.ts'
import { type Reset, resetCodec } from './delivery/mending.ts'
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
  readonly outbox: Table<readonly [DeviceId, number], OutboxValue>
  /** Own contents for contacts of whom no device is known yet, by contact and number in the chat. */
  readonly unaddressed: Table<readonly [AccountId, number], MessageId>
  /** Devices of contacts for which late copies were made: they were in the log when the rest was written. */
  readonly addressed: Table<readonly [AccountId, DeviceId], boolean>
  readonly reached: Table<readonly [MessageId, DeviceId], boolean>
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

/** Where a content stands. */
export interface ContentPlace {
  readonly chat: ChatId
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
    outbox: store.table('outbox', {
      key: tupleKey(idPart<DeviceId>(parseDeviceId), uintPart()),
      value: shaped(outboxShape, MAX_ENVELOPE_BYTES + 64),
    }),
    unaddressed: store.table('unaddressed', {
      key: tupleKey(idPart<AccountId>(parseAccountId), uintPart()),
      value: shaped(messageId, 32),
    }),
    addressed: store.table('addressed', {
      key: tupleKey(idPart<AccountId>(parseAccountId), idPart<DeviceId>(parseDeviceId)),
      value: shaped(bool(), 8),
    }),
    reached: store.table('reached', {
      key: tupleKey(idPart<MessageId>(parseMessageId), idPart<DeviceId>(parseDeviceId)),
      value: shaped(bool(), 8),
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

const alertShape: Shape<StoredAlert> = record({
  account: accountId,
  at: uint(),
  proof: bytes({ max: 16 * 1024 }),
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
