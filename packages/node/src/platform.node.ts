/** The machine under Node: files of the home, native cryptography, the host's name. */

import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { hostname } from 'node:os'
import type { Rng, Signer } from '@kithmesh/protocol'
import { withMemoryHomes } from './platform.memory.ts'
import type { Platform, SignedBytes } from './platform.ts'
import { nodePrimitives } from './primitives.node.ts'
import { openNodeAnchor } from './store/anchor.node.ts'
import { lockHome } from './store/home-lock.node.ts'
import { openNodeBackend } from './store/level-backend.node.ts'
import { ensureHome, loadOrCreateFile } from './store/secret-file.node.ts'
import { storeKeyOf } from './store/store-key.ts'

const SEED_BYTES = 32
const KEY_BYTES = 32
/** PKCS #8 of an Ed25519 private key, up to its 32-byte seed (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

const systemRng: Rng = { bytes: (length) => Uint8Array.from(randomBytes(length)) }

/** This process's machine, homes in folders. */
const diskPlatform: Platform = {
  kind: 'node',
  deviceKind: 'cli',
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  rng: systemRng,
  primitives: nodePrimitives,
  defaultName: () => hostname().split('.')[0] || 'computer',
  limitations: async () => [
    'The key of the store lies beside it: whoever can read this home can read what it holds.',
  ],
  lock: async (home) => {
    await ensureHome(home)
    return lockHome(home)
  },
  openIdentity: async (home) =>
    identityOf(await loadOrCreateFile(home, 'identity.key', () => systemRng.bytes(SEED_BYTES))),
  openStoreKey: async (home) => {
    const secret = await loadOrCreateFile(home, 'store.key', () => systemRng.bytes(KEY_BYTES))
    return storeKeyOf(secret, nodePrimitives)
  },
  openAnchor: openNodeAnchor,
  openBackend: openNodeBackend,
  loadOrCreate: loadOrCreateFile,
  verifySignature: nativeVerify,
}

/** This process's machine. */
export const nodePlatform: Platform = withMemoryHomes(diskPlatform, {
  createIdentity: async () => identityOf(systemRng.bytes(SEED_BYTES)),
  createStoreKey: () => storeKeyOf(systemRng.bytes(KEY_BYTES), nodePrimitives),
})

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

function nativeVerify({ publicKey, bytes, signature }: SignedBytes): boolean {
  try {
    return verify(null, bytes, importPublic(publicKey), signature)
  } catch {
    // A key that is not a point: nothing it signs is valid.
    return false
  }
}

function importPublic(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}
