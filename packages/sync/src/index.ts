/**
 * An account's shared data as a CRDT that leaves the device only sealed. Every export stands here
 * by name.
 */

export {
  type AccountData,
  type AccountDataEvents,
  type AccountDataOptions,
  createAccountData,
  newClientId,
} from './data/account-data.ts'
export type {
  ChatEdit,
  ChatEvents,
  ChatSettings,
  ChatsView,
} from './data/chat-settings.ts'
export type {
  ContactEdit,
  ContactEntry,
  ContactEvents,
  ContactFields,
  ContactsView,
} from './data/contacts.ts'
export type {
  DeviceNameEvents,
  DeviceNamesView,
  NamedDevice,
  NamedDeviceFields,
} from './data/device-names.ts'
export { MAX_NAME_CHARACTERS } from './data/fields.ts'
export type { Invite, InviteEvents, InviteFields, InvitesView } from './data/invites.ts'
export {
  type Label,
  type LabelEvents,
  type Labelled,
  type LabelsView,
  MAX_LABELS,
} from './data/labels.ts'
export type { LastMetView } from './data/last-met.ts'
export {
  type QuietHours,
  type QuietSpan,
  quietUntil,
  WEEKDAYS,
  type Weekday,
} from './data/quiet-hours.ts'
export {
  checkSetting,
  DEVICE_ZONE,
  isSettingKey,
  quietHoursIn,
  readSetting,
  SETTINGS,
  type SettingKey,
  type SettingKind,
  type SettingValues,
} from './data/setting-kinds.ts'
export type { SettingEvents, SettingsView, SettingValue } from './data/settings.ts'
export type { StarredEvents, StarredItem, StarredView } from './data/starred.ts'
export { deviceTimeZone, openTimeZone, type TimeZone } from './data/time-zone.ts'
export type { UpdateOptions } from './data/update-intake.ts'
export type { UpdateOutcome, UpdateRefusal } from './data/update-outcome.ts'
export { type Bell, createBell } from './exchange/bell.ts'
export type { ExchangeEnd, ExchangeFailure } from './exchange/ending.ts'
export { type ExchangeStream, STALL_MS, type Withheld } from './exchange/exchange.ts'
export {
  createExchanges,
  type ExchangeRun,
  type Exchanges,
  type ExchangesEvents,
  type ExchangesOptions,
} from './exchange/exchanges.ts'
export { MAX_FRAME_BYTES } from './exchange/frames.ts'
export type {
  AcceptReport,
  Prepare,
  Prepared,
  RecordEvent,
  RecordRefusal,
} from './log/accepting.ts'
export {
  type AccountLog,
  type AccountLogEvents,
  type AccountLogOptions,
  type LogCallOptions,
  type LogPruning,
  openAccountLog,
} from './log/account-log.ts'
export type { AccountLogStore, LogChange, StoredLane } from './log/account-log-store.ts'
export { type AccountLogStoreCase, accountLogStoreCases } from './log/account-log-store-cases.ts'
export { type LogEntry, MAX_ENTRY_BYTES } from './log/appending.ts'
export {
  type EpochGrant,
  type EpochHandover,
  epochGrantCodec,
  MAX_EPOCH_GRANT_BYTES,
  openEpoch,
  sealEpoch,
} from './log/epoch-grant.ts'
export {
  createEpoch,
  createEpochRing,
  EPOCH_ID_BYTES,
  type Epoch,
  type EpochId,
  type EpochKey,
  type EpochRing,
  epochIdFromBytes,
  epochIdToBytes,
  epochKeysCodec,
  MAX_EPOCH_KEYS_BYTES,
  MAX_EPOCHS,
} from './log/epochs.ts'
export { heldRanges, type LaneHoldings, type Tip } from './log/holdings.ts'
export { type Lane, type LaneId, type LaneSpan, type LogPosition, laneKey } from './log/lane.ts'
export { createMemoryAccountLogStore } from './log/memory-account-log-store.ts'
export {
  type LogRecord,
  type LogRecordBody,
  MAX_CONTENTS,
  type RecordContent,
  recordCodec,
} from './log/record.ts'
export { nobleRecordCrypto, type RecordCrypto } from './log/record-crypto.ts'
export {
  dropUnusedEpochs,
  EPOCH_LIFE_MS,
  type EpochsRead,
  epochDue,
  nextEpoch,
} from './log/rotation.ts'
export {
  countRanges,
  differenceRanges,
  includesNumber,
  isRangeSet,
  type Range,
  type RangeSet,
  rangesOf,
  unionRanges,
} from './range-set.ts'
export {
  type AccountReplica,
  type AccountReplicaOptions,
  openAccountReplica,
} from './replica/account-replica.ts'
export { UPDATE_KIND } from './replica/into-data.ts'
export {
  BATCH_MS,
  createUpdateBatcher,
  type UpdateBatcher,
  type UpdateBatcherOptions,
} from './replica/update-batcher.ts'
export type { Scheduler } from './scheduler.ts'
export { createEvents, type EventSource, type TypedEvents } from './typed-events.ts'
