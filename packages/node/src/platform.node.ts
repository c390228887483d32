/** The machine under Node: files of the home, native cryptography, the host's name. */

import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock, Rng, Signer } from '@kithmesh/protocol'
import { argon2idInThread } from './lock/argon2id.node.ts'
import { openHomeKey, type Unlock } from './lock/home-key.ts'
import { createHomeLockChanges, homeLockState } from './lock/home-lock-changes.ts'
import { type NodeLockPlace, openNodeLockPlace } from './lock/lock-place.node.ts'
import { withMemoryHomes } from './platform.memory.ts'
import type { HomeKeys, Platform } from './platform.ts'
import { nodePrimitives } from './primitives.node.ts'
import { openNodeAnchor } from './store/anchor.node.ts'
import { eraseNodeHome, hasNodeHome } from './store/erase-home.node.ts'
import { lockHome } from './store/home-lock.node.ts'
import { openNodeBackend } from './store/level-backend.node.ts'
import { ensureHome } from './store/secret-file.node.ts'
import { storeKeyOf } from './store/store-key.ts'
import { createNodeMac } from './store/store-mac.node.ts'

const SEED_BYTES = 32
const KEY_BYTES = 32
/** PKCS #8 of an Ed25519 private key, up to its 32-byte seed (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

const systemRng: Rng = { bytes: (length) => Uint8Array.from(randomBytes(length)) }

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }

/** This process's machine, homes in folders. */
const diskPlatform: Platform = {
  kind: 'node',
  deviceKind: 'cli',
  clock,
  rng: systemRng,
  primitives: nodePrimitives,
  defaultName: () => hostname().split('.')[0] || 'computer',
  limitations: async () => [
    'Without a passphrase the key of the store lies beside it: whoever can read this home can read what it holds.',
  ],
  lock: async (home) => {
    await ensureHome(home)
    return lockHome(home)
  },
  openKeys: async (home, unlock) => {
    const place = placeOf(home)
    await ensureHome(home)
    await place.tidy()
    return openKeysAt(place, unlock)
  },
  hasHome: hasNodeHome,
  eraseHome: eraseNodeHome,
  lockState: async (home) => homeLockState(placeOf(home), { clock }),
  openIdentity: async (home) => (await openKeysAt(placeOf(home), {})).openIdentity(),
  openStoreKey: async (home) => (await openKeysAt(placeOf(home), {})).openStoreKey(),
  openAnchor: openNodeAnchor,
  openBackend: openNodeBackend,
  loadOrCreate: async (home, name, create) =>
    (await openKeysAt(placeOf(home), {})).loadOrCreate(name, create),
}

/** This process's machine. */
export const nodePlatform: Platform = withMemoryHomes(diskPlatform, {
  createIdentity: async () => identityOf(systemRng.bytes(SEED_BYTES)),
  createStoreKey: () => storeKeyOf(systemRng.bytes(KEY_BYTES), nodePrimitives, createNodeMac),
})

function placeOf(home: string): NodeLockPlace {
  return openNodeLockPlace(home, { primitives: nodePrimitives, rng: systemRng })
}

async function openKeysAt(place: NodeLockPlace, unlock: Unlock): Promise<HomeKeys> {
  const tools = { clock, primitives: nodePrimitives, rng: systemRng, argon2id: argon2idInThread }
  const kept = await place.read()
  let homeKey = kept && (await openHomeKey(kept, { unlock, place, tools }))
  const load: HomeKeys['loadOrCreate'] = (name, create) => place.loadOrCreate(name, homeKey, create)
  /** The first lock of a home makes its key: what is written later goes under it. */
  const sealSecrets = async (made: Uint8Array): Promise<void> => {
    await place.sealSecrets(made)
    homeKey = made.slice()
  }
  return {
    openIdentity: async () => {
      const seed = await load('identity.key', () => systemRng.bytes(SEED_BYTES))
      const signer = identityOf(seed)
      seed.fill(0)
      return signer
    },
    openStoreKey: async () => {
      const secret = await load('store.key', () => systemRng.bytes(KEY_BYTES))
      const storeKey = await storeKeyOf(secret, nodePrimitives, createNodeMac)
      secret.fill(0)
      return storeKey
    },
    loadOrCreate: load,
    lock: createHomeLockChanges({ ...place, sealSecrets }, tools),
    drop: () => void homeKey?.fill(0),
  }
}

function identityOf(seed: Uint8Array): Signer {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return {
    publicKey: Uint8Array.from(Buffer.from(x ?? '', 'base64url')),
    sign: async (bytes) => Uint8Array.from(sign(null, bytes, key)),
  }
}
