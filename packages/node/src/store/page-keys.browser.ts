/**
 * The keys of a home in a page. By WebCrypto nobody can read them, the page's own scripts neither; a
 * page that was not loaded by https, or in a browser without Ed25519, keeps plain bytes and says so.
 */

import {
  type MaybePromise,
  type Primitives,
  type Rng,
  type Signer,
  signerFromSeed,
  verifySignature,
} from '@kithmesh/protocol'
import type { SignedBytes, StoreKey } from '../platform.ts'
import type { KeyMaking } from './key-database.browser.ts'
import { storeKeyOf } from './store-key.ts'

/** How the keys of a page come to be and are read back. */
export interface PageKeys {
  readonly identity: KeyMaking<Signer>
  readonly store: KeyMaking<StoreKey>
  /** One that is kept nowhere. */
  createIdentity(): Promise<Signer>
  createStoreKey(): Promise<StoreKey>
  verifySignature(signed: SignedBytes): MaybePromise<boolean>
  /** What these keys are not protected from, one sentence each. */
  readonly limitations: readonly string[]
}

const SECRET_BYTES = 32
const READABLE =
  'This page was not loaded by https, or the browser is old: whoever can run a script in it can copy its keys.'

/** Tries what this page's WebCrypto can do. */
export async function createPageKeys(rng: Rng, primitives: Primitives): Promise<PageKeys> {
  // Whatever the type says, a page that was not loaded by https has none.
  const subtle: SubtleCrypto | undefined = crypto.subtle
  const signing = (await hasEd25519(subtle)) ? subtle : undefined
  const identity: KeyMaking<Signer> = {
    parse: parseIdentity,
    create: async () =>
      signing === undefined ? rng.bytes(SECRET_BYTES) : createSigningKey(signing),
  }
  const store: KeyMaking<StoreKey> = {
    parse: (stored) => parseStoreKey(stored, primitives),
    create: async () =>
      subtle === undefined ? rng.bytes(SECRET_BYTES) : createSealingKeys(subtle),
  }
  return {
    identity,
    store,
    createIdentity: () => made(identity),
    createStoreKey: () => made(store),
    verifySignature: (signed) => verify(signed, signing),
    limitations: signing === undefined ? [READABLE] : [],
  }
}

async function made<T>({ create, parse }: KeyMaking<T>): Promise<T> {
  const key = await parse(await create())
  if (key === undefined) throw new TypeError('a new key that is none')
  return key
}

async function hasEd25519(subtle: SubtleCrypto | undefined): Promise<boolean> {
  if (subtle === undefined) return false
  return subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
    () => true,
    () => false,
  )
}

async function createSigningKey(subtle: SubtleCrypto): Promise<unknown> {
  return subtle.generateKey('Ed25519', false, ['sign', 'verify'])
}

/** Both what WebCrypto keeps and what a page without it kept. */
async function parseIdentity(stored: unknown): Promise<Signer | undefined> {
  if (stored instanceof Uint8Array) {
    return stored.length === SECRET_BYTES ? signerFromSeed(stored) : undefined
  }
  const { privateKey, publicKey } = fieldsOf(stored)
  if (!(privateKey instanceof CryptoKey && publicKey instanceof CryptoKey)) return undefined
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)),
    sign: async (bytes) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, new Uint8Array(bytes))),
  }
}

async function createSealingKeys(subtle: SubtleCrypto): Promise<unknown> {
  return {
    seal: await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
    mac: await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']),
  }
}

async function parseStoreKey(
  stored: unknown,
  primitives: Primitives,
): Promise<StoreKey | undefined> {
  if (stored instanceof Uint8Array) {
    return stored.length === SECRET_BYTES ? storeKeyOf(stored, primitives) : undefined
  }
  const { seal, mac } = fieldsOf(stored)
  return seal instanceof CryptoKey && mac instanceof CryptoKey ? pageStoreKey(seal, mac) : undefined
}

function pageStoreKey(seal: CryptoKey, mac: CryptoKey): StoreKey {
  const { subtle } = crypto
  return {
    seal: async (plaintext, { nonce, associated }) =>
      new Uint8Array(await subtle.encrypt(gcm(nonce, associated), seal, new Uint8Array(plaintext))),
    open: async (sealed, { nonce, associated }) =>
      subtle.decrypt(gcm(nonce, associated), seal, new Uint8Array(sealed)).then(
        (plaintext) => new Uint8Array(plaintext),
        () => undefined,
      ),
    mac: async (bytes) => new Uint8Array(await subtle.sign('HMAC', mac, new Uint8Array(bytes))),
  }
}

function gcm(nonce: Uint8Array, associated: Uint8Array): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: new Uint8Array(nonce),
    additionalData: new Uint8Array(associated),
  }
}

function fieldsOf(stored: unknown): Readonly<Record<string, unknown>> {
  return typeof stored === 'object' && stored !== null ? { ...stored } : {}
}

async function verify(
  { publicKey, bytes, signature }: SignedBytes,
  subtle: SubtleCrypto | undefined,
): Promise<boolean> {
  if (subtle === undefined) return verifySignature(publicKey, bytes, signature)
  try {
    const key = await subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, [
      'verify',
    ])
    return await subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(bytes))
  } catch {
    // A key that is not a point: nothing it signs is valid.
    return false
  }
}
