/**
 * A device that keeps everything in memory, for tests of what the commands say and how they end. It
 * proves nothing about devices: kith.process.test.ts runs real ones.
 */

import type {
  Contact,
  DeliveryState,
  Device,
  KithNode,
  LinkOffer,
  LinkState,
  Message,
  NodeEvents,
  NodeOptions,
  SeenDevice,
} from '@kithmesh/node'
import type { NodeLibrary } from '../src/io.ts'

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
  stopped = 0
  seen: SeenDevice = { device: PHONE, name: 'phone', kind: 'cli', distance: 'near' }
  linkFailure: Error | undefined
  deliveries: readonly DeliveryState[] = [{ reached: 0, of: 2, read: false }]
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
  return {
    devices,
    parseMessageId: (text) => {
      if (!/^m[a-z2-7]{26}$/.test(text)) throw kithError('ERR_ID_MALFORMED', 'no message id')
      return brand(text)
    },
    createNode: async (options) => {
      if (used.has(options.home)) throw kithError('ERR_HOME_IN_USE', 'The home is in use.')
      used.add(options.home)
      const fake = new FakeDevice(options)
      prepare(fake)
      devices.push(fake)
      return nodeOf(fake, () => used.delete(options.home))
    },
  }
}

function nodeOf(fake: FakeDevice, release: () => void): KithNode {
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
    status: async () => ({
      account: ACCOUNT,
      device: LAPTOP,
      name: 'laptop',
      devices: fake.devices,
      relays: [{ address: '/ip4/192.0.2.1/tcp/4001', state: 'reserved' }],
      pending: 1,
    }),
    linking: { offer: async () => offerOf(fake) },
    devices: devicesOf(fake),
    contacts: contactsOf(fake),
    messages: messagesOf(fake),
    starred: starredOf(fake),
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

function offerOf(fake: FakeDevice): LinkOffer {
  return {
    code: 'WEB+KITH:L/AAAA',
    async *states() {
      for (const state of fake.linkStates) {
        if (state.state === 'done') fake.account = state.account
        yield state
      }
      await new Promise(() => undefined)
    },
    close: async () => undefined,
  }
}

function devicesOf(fake: FakeDevice): KithNode['devices'] {
  return {
    list: async () => fake.devices,
    link: async (_code, { confirm, far, onState }) => {
      if (fake.linkFailure !== undefined) throw fake.linkFailure
      onState?.({ state: 'seen' })
      if (fake.seen.distance === 'far' && far !== true) {
        throw kithError('ERR_LINK_FAR', 'The device is not near.')
      }
      onState?.({ state: 'confirm' })
      if (!(await confirm(fake.seen))) throw kithError('ERR_LINK_DECLINED', 'It was declined.')
      onState?.({ state: 'syncing', percent: 100 })
      return device({ device: fake.seen.device, name: fake.seen.name })
    },
    rename: async (id, name) => {
      fake.devices = fake.devices.map((own) => (own.device === id ? { ...own, name } : own))
      return device({ device: id, name })
    },
  }
}

function contactsOf(fake: FakeDevice): KithNode['contacts'] {
  return {
    list: async () => fake.contacts,
    invite: async () => ({ code: 'WEB+KITH:C/BBBB' }),
    add: async (_code, options) => {
      return { contact: CARA, name: options?.name ?? 'Cara', verified: false, devices: 1 }
    },
    rename: async (contact, name) => ({ contact, name, verified: false, devices: 2 }),
  }
}

function messagesOf(fake: FakeDevice): KithNode['messages'] {
  return {
    send: async (contact, { text }) => {
      const from = { account: ACCOUNT, name: 'Ada', self: true }
      const [delivery = { reached: 0, of: 2, read: false }] = fake.deliveries
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
