/**
 * A device that keeps everything in memory, for tests of what the commands say and how they end. It
 * proves nothing about devices: kith.process.test.ts runs real ones.
 */

import type {
  Contact,
  DeliveryState,
  Device,
  DeviceAlert,
  HistoryChoice,
  HistoryState,
  KithNode,
  LinkAnswer,
  LinkOffer,
  LinkOfferOptions,
  LinkOptions,
  LinkState,
  Message,
  MessageGap,
  NearbyDevice,
  NodeEvents,
  NodeOptions,
  SeenDevice,
  Status,
  Verification,
  YesOnTerms,
} from '@kithmesh/node'
import type { NodeLibrary } from '../src/io.ts'
import { type FakeLocks, fakeLock, openFakeHome } from './fake-lock.ts'
import { type FakePreferences, fakePreferences, newFakePreferences } from './fake-preferences.ts'
import { type FakeRecovery, fakeRecovery, newFakeRecovery } from './fake-recovery.ts'

/** 2026-11-22T10:02:00Z */
export const NOW: number = Date.UTC(2026, 10, 22, 10, 2)

const brand = <T extends string>(text: string): T => text as T

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

const chatOf = (contact: string): Message['chat'] => brand(`c${contact.slice(1)}`)

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

/** The package of the device as `kith up` loads it; `devices` holds each that was made. */
export interface FakeLibrary extends NodeLibrary {
  readonly devices: FakeDevice[]
}

/** Devices of one computer: a home is used by one at a time. `prepare` sets one up as it is made. */
export function fakeLibrary(prepare: (fake: FakeDevice) => void = () => undefined): FakeLibrary {
  const devices: FakeDevice[] = []
  const used = new Set<string>()
  const locks: FakeLocks = new Map()
  return {
    devices,
    parseMessageId: (text) => {
      if (!/^m[a-z2-7]{26}$/.test(text)) throw kithError('ERR_ID_MALFORMED', 'no message id')
      return brand(text)
    },
    passphraseWarning: (passphrase) => (passphrase.length < 12 ? 'That is short.' : undefined),
    createNode: async (options) => {
      if (used.has(options.home)) throw kithError('ERR_HOME_IN_USE', 'The home is in use.')
      await openFakeHome(locks, options)
      used.add(options.home)
      const fake = new FakeDevice(options)
      prepare(fake)
      devices.push(fake)
      const release = (): boolean => used.delete(options.home)
      return nodeOf(fake, { release, lock: fakeLock(fake, { locks, release }) })
    },
  }
}

/** Relays are tried with real ones (test/processes). */
const fakeUsage = [{ relay: '12D3KooWRelay', day: '2026-11-21', bytes: 2_340_000, circuits: 7 }]
const fakeRelays = [{ address: '/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWRelay', state: 'ready' }]

function nodeOf(
  fake: FakeDevice,
  { release, lock }: { readonly release: () => void; readonly lock: KithNode['lock'] },
): KithNode {
  const stop = async (): Promise<void> => {
    fake.stopped += 1
    release()
  }
  return {
    device: LAPTOP,
    name: fake.options.name ?? 'laptop',
    get account() {
      return fake.account
    },
    addresses: () => ['/ip4/127.0.0.1/tcp/4001'],
    relays: {
      list: async () => fakeRelays,
      add: async () => fakeRelays,
      remove: async () => fakeRelays,
      claim: async () => fakeRelays,
      usage: async () => fakeUsage,
    },
    status: async () => ({
      account: ACCOUNT,
      device: LAPTOP,
      name: 'laptop',
      reachable: 'yes',
      reachableReason: 'Through the relay at 192.0.2.1',
      devices: fake.devices,
      contacts: fake.ways,
      relays: fake.relays,
      pending: 1,
      waiting: fake.waiting,
      ...(fake.left ? { left: fake.left } : {}),
      ...(fake.damage ? { damage: fake.damage } : {}),
    }),
    linking: {
      offer: async ({ confirm } = {}) => offerOf(fake, confirm),
      join: async (code, { confirm, onState }) => {
        if (fake.linkFailure !== undefined) throw fake.linkFailure
        fake.joined = code
        await askNewDevice(fake, confirm)
        fake.account = ACCOUNT
        onState?.({ state: 'done', account: ACCOUNT, device: LAPTOP })
        return ACCOUNT
      },
    },
    devices: devicesOf(fake),
    contacts: contactsOf(fake),
    messages: messagesOf(fake),
    history: historyOf(fake),
    starred: starredOf(fake),
    ...fakePreferences(fake, kithError),
    recovery: fakeRecovery(fake),
    deviceLog: { export: async () => fake.deviceLog },
    lock,
    addEventListener: (type, listener, options) => {
      fake.events.addEventListener(type, listener as EventListener, options)
    },
    removeEventListener: (type: keyof NodeEvents, listener: unknown) => {
      fake.events.removeEventListener(type, listener as EventListener)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function askNewDevice(fake: FakeDevice, confirm: LinkOfferOptions['confirm']): Promise<void> {
  const { signal } = new AbortController()
  const seen = { device: LAPTOP, name: 'laptop', kind: 'cli', digits: fake.seen.digits }
  const answer = (await confirm?.(seen, { signal })) ?? true
  fake.answers.push(answer)
  if (answer === 'differ') throw kithError('ERR_LINK_DIGITS', 'The digits differ.')
  if (!answer) throw kithError('ERR_LINK_DECLINED', 'It was declined.')
}

function offerOf(fake: FakeDevice, confirm: LinkOfferOptions['confirm']): LinkOffer {
  return {
    code: 'WEB+KITH:L/AAAA',
    async *states() {
      for (const state of fake.linkStates) {
        if (state.state === 'confirm') await askNewDevice(fake, confirm).catch(() => undefined)
        if (state.state === 'done') fake.account = state.account
        yield state
      }
      await new Promise(() => undefined)
    },
    close: async () => undefined,
  }
}

async function linkOf(fake: FakeDevice, options: LinkOptions): Promise<Device> {
  const { confirm, far, onState } = options
  fake.asked = options
  if (fake.linkFailure !== undefined) throw fake.linkFailure
  onState?.({ state: 'seen' })
  if (fake.seen.distance === 'far' && far !== true) {
    throw kithError('ERR_LINK_FAR', 'The device is not near.')
  }
  const { digits } = fake.seen
  onState?.({ state: 'confirm', digits })
  const question = new AbortController()
  fake.withdraw = () => question.abort()
  const asking = confirm(fake.seen, { signal: question.signal })
  fake.whileAsked?.()
  const answer = await asking.catch((error: unknown) => {
    throw question.signal.aborted ? kithError('ERR_LINK_DECLINED', 'Declined there.') : error
  })
  fake.answers.push(answer)
  if (answer === 'differ') throw kithError('ERR_LINK_DIGITS', 'The digits differ.')
  if (!answer) throw kithError('ERR_LINK_DECLINED', 'It was declined.')
  onState?.({ state: 'syncing', percent: 100 })
  return device({ device: fake.seen.device, name: fake.seen.name })
}

function devicesOf(fake: FakeDevice): KithNode['devices'] {
  return {
    list: async () => fake.devices,
    link: (_code, options) => linkOf(fake, options),
    linkNearby: (id, options) => {
      fake.seen = { ...fake.seen, device: id }
      return linkOf(fake, options)
    },
    async *nearby({ signal } = {}) {
      yield* fake.nearby
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
    offer: async (options) => {
      const states = [...fake.linkStates]
      return {
        code: 'WEB+KITH:J/AAAA',
        async *states() {
          for (const state of states) {
            yield state
            if (state.state === 'confirm') await linkOf(fake, options).catch(() => undefined)
          }
          await new Promise(() => undefined)
        },
        close: async () => undefined,
      }
    },
    approveHistory: async (id) => {
      fake.approved.push(id)
      return device({ device: id })
    },
    rename: async (id, name) => {
      fake.devices = fake.devices.map((own) => (own.device === id ? { ...own, name } : own))
      return device({ device: id, name })
    },
    unlink: async (id) => {
      fake.refuse()
      fake.devices = fake.devices.filter((own) => own.device !== id)
    },
    suspend: async (id) => standAs(fake, id, 'suspended'),
    readmit: async (id) => standAs(fake, id, 'active'),
    leave: async () => {
      fake.left = { reason: 'left', hint: 'Readmit it.' }
    },
    alerts: async () => fake.alerts,
  }
}

function historyOf(fake: FakeDevice): KithNode['history'] {
  return {
    state: async () => fake.history,
    digest: async ({ since = 0 } = {}) => ({
      digest: (since === 0 ? 'ab' : 'cd').repeat(32),
      contents: 7,
    }),
    allow: async (id, choice) => {
      fake.allowed.push([id, choice])
      return device({ device: id })
    },
  }
}

function standAs(fake: FakeDevice, id: Device['device'], state: Device['state']): Device {
  fake.refuse()
  fake.devices = fake.devices.map((own) => (own.device === id ? { ...own, state } : own))
  const found = fake.devices.find((own) => own.device === id)
  if (found === undefined) throw kithError('ERR_NOT_FOUND', 'No such device.')
  return found
}

function contactsOf(fake: FakeDevice): KithNode['contacts'] {
  return {
    list: async () => fake.contacts,
    invite: async () => ({ code: 'WEB+KITH:C/BBBB' }),
    add: async (_code, options) => {
      const added = { contact: CARA, name: options?.name ?? 'Cara', verified: false, devices: 1 }
      return options?.replaces ? { ...added, changed: true, held: true } : added
    },
    rename: async (contact, name) => ({ contact, name, verified: false, devices: 2 }),
    ...codesOf(fake),
  }
}

/** The code two people compare: digits that are easily told apart in a test. */
export const DIGITS: string = '0123456789'.repeat(6)

function codesOf(
  fake: FakeDevice,
): Pick<KithNode['contacts'], 'code' | 'verify' | 'unverify' | 'accept' | 'replace'> {
  const change = (id: Contact['contact'], by: Partial<Contact>): Contact => {
    const found = fake.contacts.find(({ contact }) => contact === id)
    if (found === undefined) throw kithError('ERR_NOT_FOUND', 'no such contact')
    const changed = { ...found, ...by }
    fake.contacts = fake.contacts.map((one) => (one.contact === id ? changed : one))
    return changed
  }
  const log = { head: new Uint8Array(32), size: 1 }
  return {
    code: async (contact) => ({
      digits: DIGITS,
      groups: DIGITS.match(/.{5}/g) ?? [],
      qr: 'WEB+KITH:V/CCCC',
      verified: change(contact, {}).verified,
      logs: { own: log, theirs: log },
    }),
    verify: async (contact, { scanned } = {}) => {
      const outcome = scanned === undefined ? ({ kind: 'verified' } as const) : fake.verification
      if (outcome.kind === 'verified') change(contact, { verified: true })
      return outcome
    },
    unverify: async (contact) => change(contact, { verified: false }),
    accept: async (contact) => change(contact, { changed: false, held: false }),
    replace: async (contact, by) => change(by, { replaces: contact, changed: true, held: true }),
  }
}

/** How far a message of the fake is. */
export function deliveryState(by: Partial<DeliveryState> = {}): DeliveryState {
  return { reached: 0, of: 2, read: false, state: 'here', ...by }
}

function messagesOf(fake: FakeDevice): KithNode['messages'] {
  return {
    send: async (contact, { text }) => {
      if (fake.sendFailure !== undefined) throw fake.sendFailure
      const from = { account: ACCOUNT, name: 'Ada', self: true }
      const [delivery = deliveryState()] = fake.deliveries
      const sent = message({
        message: messageId('sent'),
        chat: chatOf(contact),
        from,
        text,
        delivery,
      })
      fake.messages.push(sent)
      fake.events.dispatchEvent(new CustomEvent('message:sent', { detail: sent }))
      return {
        message: sent.message,
        chat: sent.chat,
        async *delivery() {
          yield* fake.deliveries
          await new Promise(() => undefined)
        },
      }
    },
    markRead: async (contact, { upTo } = {}) => {
      fake.readUpTo = { contact, upTo }
      fake.unread = upTo === undefined ? 0 : 1
    },
    unread: async () => fake.unread,
    gaps: async () => fake.gaps,
    get: async (id) => fake.messages.find((one) => one.message === id),
    list: async (contact, options) => {
      fake.whileListing?.()
      const history = fake.messages.filter(({ chat }) => chat === chatOf(contact))
      return options?.limit === undefined ? history : history.slice(-options.limit)
    },
  }
}

function starredOf(fake: FakeDevice): KithNode['starred'] {
  const set = (id: string, starred: boolean): void => {
    fake.messages = fake.messages.map((one) => (one.message === id ? { ...one, starred } : one))
  }
  return {
    add: async (id) => set(id, true),
    remove: async (id) => set(id, false),
    list: async () => fake.messages.filter(({ starred }) => starred),
  }
}
