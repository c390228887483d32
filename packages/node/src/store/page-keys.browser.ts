/**
 * The keys of a home in a page. By WebCrypto nobody can read them, the page's own scripts neither; a
 * page that was not loaded by https, or in a browser without Ed25519, keeps plain bytes and says so.
 */

import { type Primitives, type Rng, type Signer, signerFromSeed } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import { storeKeyOf, storeKeyParts } from './store-key.ts'

/** How the keys of a page come to be and are read back. */
export interface PageKeys {
  /** What to keep of a new identity: WebCrypto's keys, or bytes where it has none. */
  createIdentity(): Promise<unknown>
  /** Undefined when the stored object is no identity. */
  parseIdentity(stored: unknown): Promise<Signer | undefined>
  /** Of 32 secret bytes, which are overwritten. */
  storeKeyOf(secret: Uint8Array): Promise<StoreKey>
  /** Of what a version before app lock kept. */
  parseEarlierStoreKey(stored: unknown): StoreKey | undefined
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
  return {
    createIdentity: async () =>
      signing === undefined ? rng.bytes(SECRET_BYTES) : createSigningKey(signing),
    parseIdentity,
    storeKeyOf: (secret) =>
      subtle === undefined ? storeKeyOf(secret, primitives) : sealingKeys(secret, primitives),
    parseEarlierStoreKey,
    limitations: signing === undefined ? [READABLE] : [],
  }
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

/** In WebCrypto from here on: what was read cannot be read out again. */
async function sealingKeys(secret: Uint8Array, primitives: Primitives): Promise<StoreKey> {
  const { sealKey, macKey } = await storeKeyParts(secret, primitives)
  const { subtle } = crypto
  const [seal, mac] = await Promise.all([
    subtle.importKey('raw', new Uint8Array(sealKey), 'AES-GCM', false, ['encrypt', 'decrypt']),
    subtle.importKey('raw', new Uint8Array(macKey), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ]),
  ])
  for (const bytes of [secret, sealKey, macKey]) bytes.fill(0)
  return pageStoreKey(seal, mac)
}

function parseEarlierStoreKey(stored: unknown): StoreKey | undefined {
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

export function fieldsOf(stored: unknown): Readonly<Record<string, unknown>> {
  return typeof stored === 'object' && stored !== null ? { ...stored } : {}
}
