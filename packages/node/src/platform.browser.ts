/** The machine as a page sees it: WebCrypto keys nobody can read, IndexedDB, Web Locks. */

import type { Rng } from '@kithmesh/protocol'
import { withMemoryHomes } from './platform.memory.ts'
import type { Platform } from './platform.ts'
import { createBrowserPrimitives } from './primitives.browser.ts'
import { openBrowserAnchor } from './store/anchor.browser.ts'
import { lockHome } from './store/home-lock.browser.ts'
import { loadOrCreateKey } from './store/key-database.browser.ts'
import { openBrowserBackend } from './store/level-backend.browser.ts'
import { createPageKeys } from './store/page-keys.browser.ts'

/** What `crypto.getRandomValues` gives at most in one call, in bytes (Web Crypto §10.1.1). */
const MAX_RANDOM_BYTES = 65_536

const systemRng: Rng = {
  bytes: (length) => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += MAX_RANDOM_BYTES) {
      crypto.getRandomValues(bytes.subarray(at, at + MAX_RANDOM_BYTES))
    }
    return bytes
  },
}

/** This page's machine. */
export async function createBrowserPlatform(): Promise<Platform> {
  const primitives = await createBrowserPrimitives()
  const keys = await createPageKeys(systemRng, primitives)
  const platform: Platform = {
    kind: 'browser',
    deviceKind: 'browser',
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    rng: systemRng,
    primitives,
    defaultName: () => browserName(navigator.userAgent),
    limitations: async () => [...keys.limitations, ...(await storageLimitations())],
    lock: lockHome,
    openIdentity: (home) => loadOrCreateKey(home, 'identity.key', keys.identity),
    openStoreKey: (home) => loadOrCreateKey(home, 'store.key', keys.store),
    openAnchor: openBrowserAnchor,
    openBackend: async (home, care) => {
      // Asked, not demanded: without it the browser may evict the home when its disk is full (E3).
      await storageManager()
        ?.persist()
        .catch(() => false)
      return openBrowserBackend(home, care)
    },
    loadOrCreate: (home, name, create) =>
      loadOrCreateKey(home, `secret ${name}`, {
        parse: (stored) => (stored instanceof Uint8Array ? stored : undefined),
        create: async () => create(),
      }),
    verifySignature: keys.verifySignature,
  }
  return withMemoryHomes(platform, {
    createIdentity: keys.createIdentity,
    createStoreKey: keys.createStoreKey,
  })
}

/** A page that was not loaded by https has none, whatever the type says. */
function storageManager(): StorageManager | undefined {
  return navigator.storage
}

async function storageLimitations(): Promise<readonly string[]> {
  if (
    await storageManager()
      ?.persisted()
      .catch(() => false)
  )
    return []
  return ['The browser may delete this device when its disk is full: keep another device linked.']
}

/** Names a person knows, the more particular ones first: each also says it is those behind it. */
const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['Chrom', 'Chrome'],
  ['Safari', 'Safari'],
] as const
const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS', 'Mac'],
  ['Linux', 'Linux'],
] as const

/** A device's first name, such as "Firefox on Linux". */
export function browserName(agent: string): string {
  const browser = BROWSERS.find(([mark]) => agent.includes(mark))?.[1] ?? 'Browser'
  const system = SYSTEMS.find(([mark]) => agent.includes(mark))?.[1]
  return system === undefined ? browser : `${browser} on ${system}`
}
