/**
 * A device that keeps everything in memory, for tests of what the commands say and how they end. It
 * proves nothing about devices: kith.process.test.ts runs real ones.
 */

import type { KithNode, NodeEvents } from '@kithmesh/node'
import type { NodeLibrary } from '../src/io.ts'
import { devicesOf } from './fake-account-devices.ts'
import { contactsOf } from './fake-contacts.ts'
import { ACCOUNT, brand, device, FakeDevice, kithError, LAPTOP } from './fake-device.ts'
import { askNewDevice, offerOf } from './fake-linking.ts'
import { type FakeLocks, fakeLock, openFakeHome } from './fake-lock.ts'
import { messagesOf, starredOf } from './fake-messages.ts'
import { fakePreferences } from './fake-preferences.ts'
import { fakeRecovery } from './fake-recovery.ts'

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
