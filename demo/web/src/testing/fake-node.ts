/**
 * A device in memory, for tests and pictures of the screens alone. It keeps lists and tells what
 * changed, as the facade promises; there is no network, no store and no cryptography in it.
 */

import type {
  Contact,
  Device,
  DeviceAlert,
  HistoryState,
  KithNode,
  LeftReason,
  LinkAnswer,
  LinkState,
  Message,
  MessageGap,
  NodeEvents,
  RecoveryState,
  SeenDevice,
  SeenLinker,
  Status,
  Verification,
  YesOnTerms,
} from '@kithmesh/node'
import { codesOf } from './fake-codes.ts'
import { devicesOf } from './fake-devices.ts'
import { linkingOf } from './fake-linking.ts'
import { createFakeLock, type FakeLock } from './fake-lock.ts'
import { type FakePreferences, newFakePreferences, preferencesOf } from './fake-preferences.ts'
import { recoveryOf } from './fake-recovery.ts'
import { createStates, type States } from './states.ts'

/** A fake with its strings: what a test makes happen to it. */
export interface FakeNode extends KithNode {
  readonly world: FakeWorld
  readonly lock: FakeLock
  /** Steps of the offer this device makes. */
  readonly offerStates: States<LinkState>
  readonly receive: (contact: Contact, text: string) => Message
  readonly deliver: (message: Message, delivery: NonNullable<Message['delivery']>) => void
  readonly setRelays: (relays: Status['relays']) => void
  readonly join: (account: Contact['contact']) => void
  /** The next call of this name fails so. */
  readonly fail: (call: FailingCall, error: Error) => void
  /** The device a link code leads to; linking waits for `confirm`. */
  found: SeenDevice
  /** The device that takes this one in. */
  linker: SeenLinker
  /** Somebody comes with the code that is shown; resolves with what the person answered. */
  readonly meet: () => Promise<LinkAnswer | YesOnTerms>
  /** This device is out of its account. */
  readonly left: (reason: LeftReason) => void
  /** Something happens on another device. */
  readonly tell: <K extends keyof NodeEvents>(type: K, detail: NodeEvents[K]) => void
  /** What comparing a code that was scanned or pasted comes to. */
  verification: Verification
}

/** What a fake starts with. */
export interface FakeWorld {
  account?: Contact['contact']
  contacts: readonly Contact[]
  messages: readonly Message[]
  gaps: readonly MessageGap[]
  devices: readonly Device[]
  relays: Status['relays']
  pending: number
  addresses: readonly string[]
  recovery: RecoveryState
  alerts: readonly DeviceAlert[]
  left?: NonNullable<Status['left']>
  damage?: NonNullable<Status['damage']>
  history: HistoryState
  preferences: FakePreferences
}

type FailingCall =
  | 'contacts.list'
  | 'contacts.add'
  | 'contacts.code'
  | 'contacts.rename'
  | 'devices.approveHistory'
  | 'devices.link'
  | 'devices.offer'
  | 'devices.suspend'
  | 'devices.unlink'
  | 'linking.join'
  | 'linking.offer'
  | 'messages.send'
  | 'recovery.challenge'
  | 'recovery.restore'
  | 'status'

/** An error as the device throws it. */
export function kithError(code: string, message: string, hint?: string): Error {
  return Object.assign(new Error(message), { code, hint })
}

/** Ids are opaque to the screens: any text will do for a fake. */
export function fakeId<Id extends string>(text: string): Id {
  return text as Id
}

/** How far a message is: with nothing else said, nowhere but here. */
export function deliveryState(
  by: Partial<NonNullable<Message['delivery']>> = {},
): NonNullable<Message['delivery']> {
  return { reached: 0, of: 1, read: false, state: 'here', ...by }
}

const EMPTY: Omit<FakeWorld, 'preferences'> = {
  contacts: [],
  messages: [],
  gaps: [],
  devices: [],
  relays: [],
  pending: 0,
  addresses: ['/ip4/127.0.0.1/tcp/4002/ws/p2p/12D3KooWRelay/p2p-circuit'],
  recovery: 'kept',
  history: { received: 0, total: 0, percent: 100, done: true },
  alerts: [],
}

/** A fake device; without an account it is one still to be linked. */
export function createFakeNode(start: Partial<FakeWorld> = {}): FakeNode {
  const world: FakeWorld = { ...EMPTY, preferences: newFakePreferences(), ...start }
  const events = new EventTarget()
  const failures = new Map<FailingCall, Error>()
  const device = fakeId<Device['device']>('12D3KooWFakePage')
  const offerStates = createStates<LinkState>()
  let count = 0

  const emit = <K extends keyof NodeEvents>(type: K, detail: NodeEvents[K]): void => {
    events.dispatchEvent(new CustomEvent(type, { detail }))
  }
  const orFail = (call: FailingCall): void => {
    const error = failures.get(call)
    failures.delete(call)
    if (error) throw error
  }
  const change = (id: Message['message'], by: Partial<Message>): void => {
    world.messages = world.messages.map((one) => (one.message === id ? { ...one, ...by } : one))
  }
  const keep = (contact: Contact, text: string, by: Partial<Message>): Message => {
    const message: Message = {
      message: fakeId(`m${++count}`),
      chat: fakeId(`c-${contact.contact}`),
      from: { account: contact.contact, name: contact.name, self: false },
      device: fakeId('12D3KooWTheirs'),
      text,
      at: Date.UTC(2026, 10, 3, 9, count),
      starred: false,
      ...by,
    }
    world.messages = [...world.messages, message]
    return message
  }
  const requireContact = (id: Contact['contact']): Contact => {
    const found = world.contacts.find((one) => one.contact === id)
    if (!found) throw kithError('ERR_NOT_FOUND', 'no such contact')
    return found
  }
  const putContact = (contact: Contact): Contact => {
    world.contacts = [...world.contacts.filter((one) => one.contact !== contact.contact), contact]
    emit('contact:changed', contact)
    return contact
  }
  const star = async (id: Message['message'], starred: boolean): Promise<void> => {
    change(id, { starred })
    emit('starred:changed', { message: id, starred })
  }
  const unreadIn = (contact: Contact['contact']): number =>
    world.messages.filter(({ chat, unread }) => unread && chat === `c-${contact}`).length
  const accountNow = (): Contact['contact'] => world.account ?? fakeId('aNone')

  const { standing, put } = devicesOf({ world, orFail, kithError, emit })
  const { linking, linkers, meet } = linkingOf({
    offerStates,
    orFail,
    kithError,
    found: () => node.found,
    linker: () => node.linker,
    linked: ({ device: id, name, kind }, stay) => {
      const { mayUnlink, maySuspend } = OURS
      return put({
        ...PHONE,
        device: id,
        name,
        kind,
        linkedBy: device,
        ...stay,
        mayUnlink,
        maySuspend,
      })
    },
    joined: accountNow,
    enter: () => node.join(fakeId('aAda')),
  })

  const node: FakeNode = {
    world,
    offerStates,
    verification: { kind: 'verified' },
    device,
    name: 'Ada',
    found: {
      device: fakeId('12D3KooWNew'),
      name: 'Pixel',
      kind: 'browser',
      distance: 'near',
      digits: '419266',
    },
    relays: {
      list: async () => [],
      add: async () => [],
      remove: async () => [],
      claim: async () => [],
      usage: async () => [],
    },
    linker: { device: PHONE.device, name: 'phone', kind: 'cli', digits: '419266' },
    get account() {
      return world.account
    },
    addresses: () => world.addresses,
    receive: (contact, text) => {
      const message = keep(contact, text, { unread: true })
      emit('message:received', message)
      return message
    },
    deliver: ({ message }, delivery) => {
      change(message, { delivery })
      emit('message:delivery', { message, delivery })
    },
    setRelays: (relays) => {
      world.relays = relays
      for (const relay of relays) emit('relay:changed', relay)
    },
    join: (account) => {
      world.account = account
      emit('account:ready', { account, device })
    },
    fail: (call, error) => void failures.set(call, error),
    status: async () => {
      orFail('status')
      const { devices, relays, pending, left, damage } = world
      const lost = damage ? { damage } : {}
      const reach = { reachable: 'unknown', reachableReason: 'A page of a test' } as const
      const now = { account: accountNow(), device, name: 'Ada', ...reach, devices, relays, pending }
      return { ...now, ...lost, ...(left ? { left } : {}) }
    },
    linking,
    meet,
    left: (reason) => {
      world.left = { reason, hint: '' }
      emit('account:left', { reason })
    },
    tell: emit,
    devices: { ...standing, ...linkers },
    deviceLog: { export: async () => new Uint8Array([1]) },
    contacts: {
      list: async () => {
        orFail('contacts.list')
        return world.contacts
      },
      invite: async () => ({ code: INVITE_CODE }),
      add: async (_code, { name } = {}) => {
        orFail('contacts.add')
        return putContact({
          contact: fakeId('aNew'),
          name: name ?? 'Cara',
          verified: false,
          devices: 1,
        })
      },
      rename: async (id, name) => {
        orFail('contacts.rename')
        return putContact({ ...requireContact(id), name })
      },
      ...codesOf({ requireContact, putContact, orFail, verification: () => node.verification }),
    },
    messages: {
      send: async (to, { text }) => {
        orFail('messages.send')
        const contact = requireContact(to)
        const delivery = deliveryState({ of: contact.devices })
        const from = { account: accountNow(), name: 'Ada', self: true }
        const message = keep(contact, text, { from, device, delivery })
        emit('message:sent', message)
        return { message: message.message, chat: message.chat, delivery: async function* () {} }
      },
      markRead: async (contact, { upTo } = {}) => {
        const end = world.messages.findIndex(({ message }) => message === upTo)
        const isRead = (one: Message, at: number): boolean =>
          one.chat === `c-${contact}` && (upTo === undefined || at <= end)
        world.messages = world.messages.map((one, at) =>
          isRead(one, at) && one.unread ? { ...one, unread: false } : one,
        )
        emit('chat:unread', { contact, unread: unreadIn(contact) })
      },
      unread: async (contact) => unreadIn(contact),
      get: async (id) => world.messages.find((one) => one.message === id),
      gaps: async (contact) => world.gaps.filter((gap) => gap.contact === contact),
      list: async (contact, { limit = Number.POSITIVE_INFINITY } = {}) =>
        world.messages.filter(({ chat }) => chat === `c-${contact}`).slice(-limit),
    },
    history: {
      state: async () => world.history,
      digest: async () => ({ digest: '0'.repeat(64), contents: world.messages.length }),
      allow: async (id) => {
        const found = world.devices.find(({ device }) => device === id)
        if (found === undefined) throw kithError('ERR_NOT_FOUND', 'No such device.')
        return found
      },
    },
    starred: {
      add: (id) => star(id, true),
      remove: (id) => star(id, false),
      list: async () => world.messages.filter(({ starred }) => starred),
    },
    ...preferencesOf(world, { emit, kithError }),
    recovery: recoveryOf({
      world,
      kithError,
      orFail,
      restored: (account) => {
        world.account = account
        emit('account:ready', { account, device })
      },
    }),
    lock: createFakeLock(
      (state) => emit('lock:changed', state),
      (code) => kithError(code, 'no'),
    ),
    addEventListener: (type, listener, options) =>
      events.addEventListener(type, listener as EventListener, options),
    removeEventListener: (type, listener) =>
      events.removeEventListener(type, listener as EventListener),
    stop: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
  return node
}

/** As long as real ones, so that the pictures show the truth. */
export const LINK_CODE: string = `WEB+KITH:L/${'BNKXOQ3DEFGA7RTS'.repeat(10)}`
const INVITE_CODE = `WEB+KITH:C/${'CMJ4YWTZPQLNB5EH'.repeat(11)}`

/** One more device of the account, and what a list of them starts from. */
export const PHONE: Device = {
  device: fakeId('12D3KooWPhone'),
  name: 'phone',
  kind: 'cli',
  this: false,
  state: 'active',
  addedAt: Date.UTC(2026, 10, 1, 8),
  path: 'lan',
  reason: 'Connected at 192.168.1.7',
  pending: 0,
  mayUnlink: false,
  maySuspend: false,
  mayReadmit: false,
}

/** What a device may do to one that it has linked. */
export const OURS = { mayUnlink: true, maySuspend: true } as const
