/**
 * The lock of a home in a page, in the database of its keys. While there is no passphrase, a key of
 * WebCrypto stands there that opens the home key; with one, only wraps do (LOCK-9).
 */

import { decoded, isKithError, KithError, type MaybePromise } from '@kithmesh/protocol'
import {
  loadOrCreateKey,
  readAllKeys,
  readKeyOf,
  replaceKeys,
} from '../store/key-database.browser.ts'
import { fieldsOf } from '../store/page-keys.browser.ts'
import { triesCodec } from './backoff.ts'
import type { LockPlace } from './home-key.ts'
import type { SealTools } from './home-key-seal.ts'
import { openSecret, sealSecret } from './home-secrets.ts'
import { type KeptHomeKey, wrapsCodec } from './wraps.ts'

const KEY = 'home.key'
const TRIES = 'tries'
const NONCE_BYTES = 12

/** Where a home in a page keeps its lock, and its secrets under it. */
export interface PageLockPlace extends LockPlace {
  /** The home key, made plain where there is none. */
  readOrCreate(): Promise<KeptHomeKey>
  /** Keeps a secret under the home key, made the first time. @throws ERR_STORE_CORRUPT */
  loadOrCreate(
    name: string,
    homeKey: Uint8Array,
    create: () => MaybePromise<Uint8Array>,
  ): Promise<Uint8Array>
  /** What was sealed, opened; keys of WebCrypto as they are; undefined for what is neither. */
  unseal(name: string, stored: unknown, homeKey: Uint8Array): Promise<unknown>
}

/** The lock of the home whose database of keys is named after it. */
export function openPageLockPlace(home: string, tools: SealTools): PageLockPlace {
  const sealed = async (name: string, bytes: Uint8Array, homeKey: Uint8Array): Promise<unknown> => {
    return { sealed: await sealSecret({ name, bytes, homeKey }, tools) }
  }

  async function read(): Promise<KeptHomeKey | undefined> {
    const stored = await readKeyOf(home, KEY)
    return stored === undefined ? undefined : parseKept(stored)
  }

  return {
    read,
    readOrCreate: () =>
      loadOrCreateKey(home, KEY, {
        parse: parseKept,
        create: async () => storedOf({ plain: tools.rng.bytes(32), wraps: [] }, tools),
      }),
    replace: async (kept) => replaceKeys(home, new Map([[KEY, await storedOf(kept, tools)]])),
    sealSecrets: async (homeKey) => {
      const entries = new Map<string, unknown>()
      for (const [name, value] of await readAllKeys(home)) {
        if (name === 'store.key' && 'seal' in fieldsOf(value)) throw madeEarlier()
        if (name === TRIES || !(value instanceof Uint8Array)) continue
        entries.set(name, await sealed(name, value, homeKey))
      }
      await replaceKeys(home, entries)
    },
    readTries: async () => {
      const stored = await readKeyOf(home, TRIES)
      return stored instanceof Uint8Array ? decoded(triesCodec, stored) : undefined
    },
    writeTries: (tries) => replaceKeys(home, new Map([[TRIES, triesCodec.encode(tries)]])),
    loadOrCreate: (name, homeKey, create) =>
      loadOrCreateKey(home, name, {
        parse: async (stored) => {
          const opened = await unseal(name, stored, homeKey)
          return opened instanceof Uint8Array ? opened : undefined
        },
        create: async () => sealed(name, await create(), homeKey),
      }),
    unseal,
  }

  /** Bytes that stand there unsealed are of a version before app lock; in a locked home nobody's. */
  async function unseal(name: string, stored: unknown, homeKey: Uint8Array): Promise<unknown> {
    if (stored instanceof Uint8Array) {
      return (await read())?.plain === undefined ? undefined : stored
    }
    const { sealed: box } = fieldsOf(stored)
    if (!(box instanceof Uint8Array)) return stored
    return openSecret({ name, sealed: box, homeKey }, tools.primitives)
  }
}

/** A key of WebCrypto and what it opens: the disk holds both, a copy of the data alone does not. */
async function storedOf({ plain, wraps }: KeptHomeKey, { rng }: SealTools): Promise<unknown> {
  const encoded = wrapsCodec.encode(wraps)
  if (plain === undefined) return { wraps: encoded }
  const subtle: SubtleCrypto | undefined = crypto.subtle
  if (subtle === undefined) return { wraps: encoded, plain }
  const key = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ])
  const iv = new Uint8Array(rng.bytes(NONCE_BYTES))
  const box = await subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(plain))
  return { wraps: encoded, plain: { key, iv, box: new Uint8Array(box) } }
}

async function parseKept(stored: unknown): Promise<KeptHomeKey> {
  const { wraps, plain } = fieldsOf(stored)
  try {
    if (!(wraps instanceof Uint8Array)) throw damaged()
    return { wraps: wrapsCodec.decode(wraps), plain: await plainOf(plain) }
  } catch (cause) {
    throw isKithError(cause, 'ERR_STORE_CORRUPT') ? cause : damaged(cause)
  }
}

async function plainOf(stored: unknown): Promise<Uint8Array | undefined> {
  if (stored === undefined || stored instanceof Uint8Array) return stored
  const { key, iv, box } = fieldsOf(stored)
  if (!(key instanceof CryptoKey && iv instanceof Uint8Array && box instanceof Uint8Array)) {
    throw damaged()
  }
  const plain = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: new Uint8Array(iv) },
    key,
    new Uint8Array(box),
  )
  return new Uint8Array(plain)
}

function damaged(cause?: unknown): KithError {
  return new KithError('ERR_STORE_CORRUPT', 'the home key is damaged', { cause })
}

function madeEarlier(): KithError {
  return new KithError('ERR_LOCK_UNSUPPORTED', 'this browser’s device is older than app lock', {
    hint: 'Link this browser anew; its new device can be locked.',
  })
}
