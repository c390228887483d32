/** A device of the mesh, to embed. The same API in Node and in a page. */

import { createCertificate, createNet } from '@kithmesh/net'
import type { KithNode } from './api/node.ts'
import type { NodeOptions } from './api/options.ts'
import { openNode } from './create-node.ts'
import { eraseHomeOn } from './homes.ts'
import type { HomeLockState } from './lock/home-lock-changes.ts'
import { nodePlatform } from './platform.node.ts'

export { type ProbeHop, type ProbeOptions, probeRelay, type RelayProbe } from '@kithmesh/net'
export {
  type AccountId,
  type ChatId,
  type Clock,
  type DeviceId,
  type DeviceLogReport,
  type ErrorCode,
  type ForkProof,
  isKithError,
  KithError,
  type LogAge,
  type LogFileFault,
  type LogMark,
  type MessageId,
  parseAccountId,
  parseDeviceId,
  parseMessageId,
  type Rng,
  readForkProof,
  verifyDeviceLogFile,
} from '@kithmesh/protocol'
export type { Chat, ChatChange, Notifiable, NotifyAnswer } from './api/chats.ts'
export type { Contact, SecurityCode, Verification } from './api/contacts.ts'
export type { Device, DeviceAlert, LeftReason } from './api/devices.ts'
export type { NodeEvents } from './api/events.ts'
export type { HistoryChoice, HistoryDigest, HistoryState } from './api/history.ts'
export type { Label, LabelledItems, LabelPlace } from './api/labels.ts'
export type {
  AskPerson,
  JoinOptions,
  LinkAnswer,
  LinkOffer,
  LinkOfferOptions,
  LinkOptions,
  LinkState,
  NearbyDevice,
  SeenDevice,
  SeenLinker,
  YesOnTerms,
} from './api/linking.ts'
export type { DeviceLock, LockState } from './api/lock.ts'
export type {
  DeliveryState,
  Message,
  MessageGap,
  SentMessage,
  Waiting,
  WaitingReason,
} from './api/messages.ts'
export type { KithNode } from './api/node.ts'
export type { CallOptions, Logger, NodeOptions } from './api/options.ts'
export type {
  RecoveryPlan,
  RecoveryState,
  Restored,
  RestoreOptions,
  WordAnswer,
} from './api/recovery.ts'
export type { RelayUsage } from './api/relays.ts'
export type { QuietState, Setting, SettingKey, SettingValues } from './api/settings.ts'
export type { ContactDevice, RelayStatus, Status, Way } from './api/status.ts'
export type { StoreDamage } from './api/store.ts'
export type { Keyring } from './lock/home-key.ts'
export type { HomeLockState } from './lock/home-lock-changes.ts'
export { passphraseWarning } from './lock/passphrase.ts'
export { MEMORY_HOME } from './platform.ts'

/**
 * What locks a home, told before it is opened and while it is open elsewhere: a host asks before it
 * asks the person, and counts down to `nextTryAt`.
 *
 * @throws ERR_STORE_CORRUPT
 */
export function lockStateOf(home: string): Promise<HomeLockState> {
  return nodePlatform.lockState(home)
}

/** Whether a device lives in a home. Makes nothing: a host asks before it decides what to start. */
export function hasHome(home: string): Promise<boolean> {
  return nodePlatform.hasHome(home)
}

/**
 * Erases the device of a home that is not open: its keys first, then what they sealed. It is not
 * unlinked by that; do so on another device, or leave the account before.
 *
 * @throws ERR_HOME_IN_USE, ERR_STORE_WRITE
 */
export function eraseHome(home: string): Promise<void> {
  return eraseHomeOn(nodePlatform, home)
}

/**
 * Starts a device: opens its home, its account and its network. On a first start it makes an account,
 * unless it is a `newDevice` that waits to be linked.
 *
 * @throws ERR_HOME_IN_USE when another process or tab has the home open; ERR_STORE_OPEN,
 * ERR_STORE_CORRUPT when the home cannot be read; ERR_LOCKED, ERR_PASSPHRASE, ERR_LOCK_BACKOFF,
 * ERR_PASSKEY when it is locked; ERR_NAME, ERR_RELAYS, ERR_ADDRESS for options that
 * cannot be used
 *
 * @example
 * ```ts
 * await using node = await createNode({ home: './ada', name: 'laptop' })
 * node.addEventListener('message:received', ({ detail }) => console.log(detail.from.name, detail.text))
 * const { code } = await node.contacts.invite()
 * ```
 */
export function createNode(options: NodeOptions): Promise<KithNode> {
  return openNode(options, { platform: nodePlatform, net: { createNet, createCertificate } })
}
