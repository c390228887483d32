import { KithError, type Signer } from '@kithmesh/protocol'
import type { HomeLockChanges, HomeLockState } from './lock/home-lock-changes.ts'
import {
  type Anchor,
  type HomeKeys,
  MEMORY_HOME,
  type Platform,
  type StoreKey,
} from './platform.ts'
import { createMemoryBackend } from './store/memory-backend.ts'

/** Keys that are kept nowhere. */
export interface FreshKeys {
  createIdentity(): Promise<Signer>
  createStoreKey(): Promise<StoreKey>
}

/** The same platform, whose home `MEMORY_HOME` is a new one each time and ends with its store. */
export function withMemoryHomes(platform: Platform, fresh: FreshKeys): Platform {
  return {
    ...platform,
    lock: async (home) => (home === MEMORY_HOME ? NO_LOCK : platform.lock(home)),
    openKeys: async (home, unlock) =>
      home === MEMORY_HOME ? memoryKeys(fresh) : platform.openKeys(home, unlock),
    hasHome: async (home) => home !== MEMORY_HOME && platform.hasHome(home),
    eraseHome: async (home) => {
      if (home !== MEMORY_HOME) await platform.eraseHome(home)
    },
    lockState: async (home) => (home === MEMORY_HOME ? NOT_LOCKED : platform.lockState(home)),
    openIdentity: (home) =>
      home === MEMORY_HOME ? fresh.createIdentity() : platform.openIdentity(home),
    openStoreKey: (home) =>
      home === MEMORY_HOME ? fresh.createStoreKey() : platform.openStoreKey(home),
    openAnchor: async (home) => (home === MEMORY_HOME ? NO_ANCHOR : platform.openAnchor(home)),
    openBackend: async (home, care) =>
      home === MEMORY_HOME ? createMemoryBackend() : platform.openBackend(home, care),
    loadOrCreate: async (home, name, create) =>
      home === MEMORY_HOME ? create() : platform.loadOrCreate(home, name, create),
  }
}

const NO_LOCK = { release: async (): Promise<void> => {} }
const NO_ANCHOR: Anchor = { read: async () => [], write: async () => {}, close: async () => {} }
const NOT_LOCKED: HomeLockState = {
  passphrase: false,
  keyring: false,
  passkeys: 0,
  wrongTries: 0,
}

/** There is nothing on a disk to lock. */
const NO_HOME_LOCK: HomeLockChanges = {
  state: async () => NOT_LOCKED,
  set: unsupported,
  change: unsupported,
  remove: unsupported,
  addKeyring: unsupported,
  removeKeyring: unsupported,
  addPasskey: unsupported,
  removePasskeys: unsupported,
}

async function unsupported(): Promise<never> {
  throw new KithError('ERR_LOCK_UNSUPPORTED', 'a device in memory has no lock', {
    hint: 'It ends with its process and leaves nothing.',
  })
}

function memoryKeys({ createIdentity, createStoreKey }: FreshKeys): HomeKeys {
  return {
    openIdentity: createIdentity,
    openStoreKey: createStoreKey,
    loadOrCreate: async (_name, create) => create(),
    lock: NO_HOME_LOCK,
    drop: () => undefined,
  }
}
