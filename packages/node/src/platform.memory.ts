import type { Signer } from '@kithmesh/protocol'
import { type Anchor, MEMORY_HOME, type Platform, type StoreKey } from './platform.ts'
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
