/** The machine as a page sees it: WebCrypto keys nobody can read, IndexedDB, Web Locks. */

import type { Clock, Primitives, Rng, Signer } from '@kithmesh/protocol'
import { argon2idInWorker } from './lock/argon2id.browser.ts'
import { type LockTools, openHomeKey, type Unlock } from './lock/home-key.ts'
import { createHomeLockChanges, homeLockState } from './lock/home-lock-changes.ts'
import { openPageLockPlace } from './lock/lock-place.browser.ts'
import { pagePasskeys } from './lock/passkeys.browser.ts'
import { withMemoryHomes } from './platform.memory.ts'
import type { HomeKeys, Platform } from './platform.ts'
import { createBrowserPrimitives } from './primitives.browser.ts'
import { openBrowserAnchor } from './store/anchor.browser.ts'
import { erasePageHome, hasPageHome } from './store/erase-home.browser.ts'
import { lockHome } from './store/home-lock.browser.ts'
import { loadOrCreateKey, readKeyOf } from './store/key-database.browser.ts'
import { openBrowserBackend } from './store/level-backend.browser.ts'
import { createPageKeys, type PageKeys } from './store/page-keys.browser.ts'

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
  const openKeys = (home: string, unlock: Unlock): Promise<HomeKeys> =>
    openPageKeys(home, unlock, { keys, primitives })
  const platform: Platform = {
    kind: 'browser',
    deviceKind: 'browser',
    clock,
    rng: systemRng,
    primitives,
    defaultName: () => browserName(navigator.userAgent),
    limitations: async () => [...keys.limitations, ...(await storageLimitations())],
    lock: lockHome,
    openKeys,
    hasHome: hasPageHome,
    eraseHome: erasePageHome,
    lockState: (home) =>
      homeLockState(openPageLockPlace(home, { primitives, rng: systemRng }), { clock }),
    openIdentity: async (home) => (await openKeys(home, {})).openIdentity(),
    openStoreKey: async (home) => (await openKeys(home, {})).openStoreKey(),
    openAnchor: openBrowserAnchor,
    openBackend: async (home, care) => {
      // Asked, not demanded: without it the browser may evict the home when its disk is full (E3).
      await storageManager()
        ?.persist()
        .catch(() => false)
      return openBrowserBackend(home, care)
    },
    loadOrCreate: async (home, name, create) =>
      (await openKeys(home, {})).loadOrCreate(name, create),
  }
  return withMemoryHomes(platform, {
    createIdentity: () => newIdentity(keys),
    createStoreKey: () => keys.storeKeyOf(systemRng.bytes(SECRET_BYTES)),
  })
}

const SECRET_BYTES = 32
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

async function newIdentity(keys: PageKeys): Promise<Signer> {
  const signer = await keys.parseIdentity(await keys.createIdentity())
  if (signer === undefined) throw new TypeError('a new key that is none')
  return signer
}

async function openPageKeys(
  home: string,
  unlock: Unlock,
  { keys, primitives }: { readonly keys: PageKeys; readonly primitives: Primitives },
): Promise<HomeKeys> {
  const tools: LockTools = {
    clock,
    primitives,
    rng: systemRng,
    argon2id: argon2idInWorker,
    passkeys: pagePasskeys(systemRng),
  }
  const place = openPageLockPlace(home, tools)
  const homeKey = await openHomeKey(await place.readOrCreate(), { unlock, place, tools })
  return {
    openIdentity: () =>
      loadOrCreateKey(home, 'identity.key', {
        create: keys.createIdentity,
        parse: async (stored) =>
          keys.parseIdentity(await place.unseal('identity.key', stored, homeKey)),
      }),
    openStoreKey: async () => {
      const earlier = keys.parseEarlierStoreKey(await readKeyOf(home, 'store.key'))
      if (earlier !== undefined) return earlier
      const create = (): Uint8Array => systemRng.bytes(SECRET_BYTES)
      return keys.storeKeyOf(await place.loadOrCreate('store.key', homeKey, create))
    },
    loadOrCreate: (name, create) => place.loadOrCreate(`secret ${name}`, homeKey, create),
    lock: createHomeLockChanges(place, tools),
    drop: () => void homeKey.fill(0),
  }
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
