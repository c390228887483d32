/** What happens to a device that keeps everything in memory, and who is around it. */

import type {
  Contact,
  DeliveryState,
  Device,
  DeviceAlert,
  HistoryChoice,
  HistoryState,
  LinkAnswer,
  LinkOptions,
  LinkState,
  Message,
  MessageGap,
  NearbyDevice,
  NodeOptions,
  SeenDevice,
  Status,
  Verification,
  YesOnTerms,
} from '@kithmesh/node'
import { type FakePreferences, newFakePreferences } from './fake-preferences.ts'
import { type FakeRecovery, newFakeRecovery } from './fake-recovery.ts'

/** 2026-11-22T10:02:00Z */
export const NOW: number = Date.UTC(2026, 10, 22, 10, 2)

/** Text as an id of the device. */
export const brand = <T extends string>(text: string): T => text as T

export const ACCOUNT: Contact['contact'] = brand<Contact['contact']>(`a${'a'.repeat(52)}`)
export const LAPTOP: Device['device'] = brand<Device['device']>(`12D3KooW${'L'.repeat(44)}`)
export const PHONE: Device['device'] = brand<Device['device']>(`12D3KooW${'P'.repeat(44)}`)
export const BEN: Contact['contact'] = brand<Contact['contact']>(`aben${'b'.repeat(49)}`)
export const CARA: Contact['contact'] = brand<Contact['contact']>(`acara${'c'.repeat(48)}`)

/** An error as the device throws it. */
export function kithError(code: string, message: string, hint?: string): Error {
  return Object.assign(new Error(message), { name: 'KithError', code, hint })
}

/** A message id from a few letters of base32. */
export function messageId(letters: string): Message['message'] {
  return brand(`m${letters.padEnd(26, '2')}`)
}

/** The chat with a contact. */
export const chatOf = (contact: string): Message['chat'] => brand(`c${contact.slice(1)}`)

/** What happens to a device, and what a test does to it. */
export class FakeDevice {
  readonly events: EventTarget = new EventTarget()
  readonly options: NodeOptions
  account: Contact['contact'] | undefined
  readonly recovery: FakeRecovery = newFakeRecovery()
  readonly preferences: FakePreferences = newFakePreferences()
  deviceLog: Uint8Array = new Uint8Array()
  stopped = 0
  /** How often it was told that somebody uses it. */
  touched = 0
  seen: SeenDevice = {
    device: PHONE,
    name: 'phone',
    kind: 'cli',
    distance: 'near',
    digits: '246802',
  }
  nearby: NearbyDevice[] = []
  /** Who was let have how much. */
  allowed: [string, HistoryChoice][] = []
  history: HistoryState = { received: 5, total: 5, percent: 100, done: true }
  approved: string[] = []
  answers: (LinkAnswer | YesOnTerms)[] = []
  joined: string | undefined
  /** The other device gives up while a person is asked here. */
  withdraw: (() => void) | undefined
  /** Happens while a person is asked. */
  whileAsked: (() => void) | undefined
  /** What the last linking was asked for. */
  asked: Partial<LinkOptions> = {}
  linkFailure: Error | undefined
  /** Why the device may not do what it is asked to do to another. */
  standingFailure: Error | undefined
  /** Why it is out of its account. */
  left: Status['left']
  damage?: NonNullable<Status['damage']>
  alerts: readonly DeviceAlert[] = []
  sendFailure: Error | undefined
  /** What scanning a security code comes to. */
  verification: Verification = { kind: 'verified' }
  deliveries: readonly DeliveryState[] = [deliveryState()]
  waiting: NonNullable<Status['waiting']> = []
  relays: Status['relays'] = [{ address: '/ip4/192.0.2.1/tcp/4001', state: 'reserved' }]
  /** The way to each device of each contact. */
  ways: NonNullable<Status['contacts']> = []
  /** How many messages of each contact are new. */
  unread = 0
  gaps: readonly MessageGap[] = []
  /** What was marked as read last. */
  readUpTo:
    | { readonly contact: Contact['contact']; readonly upTo: Message['message'] | undefined }
    | undefined
  linkStates: readonly LinkState[] = []
  /** Happens while a history is read. */
  whileListing: (() => void) | undefined
  devices: Device[] = [
    device({ device: LAPTOP, name: 'laptop', this: true, path: 'this', reason: '' }),
    device({ device: PHONE, name: 'phone', path: 'relayed', reason: 'its network blocks UDP' }),
  ]
  contacts: Contact[] = [
    { contact: BEN, name: 'Ben', verified: false, devices: 2 },
    { contact: CARA, name: 'Cara', verified: true, devices: 1 },
  ]
  messages: Message[] = [message({ message: messageId('first'), text: 'hello' })]

  constructor(options: NodeOptions) {
    this.options = options
    this.account = options.newDevice === true ? undefined : ACCOUNT
  }

  refuse(): void {
    if (this.standingFailure !== undefined) throw this.standingFailure
  }

  /** A message of Ben arrives. */
  receive(text: string, id: string): void {
    const arrived = message({ message: messageId(id), text })
    this.messages.push(arrived)
    this.events.dispatchEvent(new CustomEvent('message:received', { detail: arrived }))
  }
}

/** A device of this account. */
export function device(given: Partial<Device>): Device {
  return {
    device: PHONE,
    name: 'phone',
    kind: 'cli',
    this: false,
    state: 'active',
    addedAt: NOW - 86_400_000,
    path: 'lan',
    reason: 'same network',
    pending: 0,
    mayUnlink: true,
    maySuspend: true,
    mayReadmit: false,
    ...given,
  }
}

/** A message of Ben. */
export function message(given: Partial<Message>): Message {
  return {
    message: messageId('x'),
    chat: chatOf(BEN),
    from: { account: BEN, name: 'Ben', self: false },
    device: PHONE,
    text: 'hi',
    at: NOW,
    starred: false,
    ...given,
  }
}

/** How far a message of the fake is. */
export function deliveryState(by: Partial<DeliveryState> = {}): DeliveryState {
  return { reached: 0, of: 2, read: false, state: 'here', ...by }
}
