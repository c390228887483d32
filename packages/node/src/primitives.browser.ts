/**
 * The algorithms of sessions in a page: WebCrypto where it is faster than noble, noble for the rest, and for
 * everything on a page that was not loaded by https, where WebCrypto is missing. Figures are of Chromium 156
 * on one 2-core machine, the best of many rounds: their ratios are what counts.
 */

import {
  type Aead,
  type AeadInput,
  noblePrimitives,
  type Primitives,
  xchachaOver,
} from '@kithmesh/protocol'
import { subtleAes256Gcm, subtleChaCha20Poly1305 } from './aead.browser.ts'
import { subtleVerifyEd25519 } from './ed25519.browser.ts'
import { isModern, subtleMlKem768 } from './modern-subtle.browser.ts'
import { unshared } from './unshared.browser.ts'
import { subtleX25519 } from './x25519.browser.ts'

/** From how many bytes on WebCrypto is asked; what it takes to ask costs more than noble does for fewer. */
export interface NativeFrom {
  /** For SHA-256 and HMAC-SHA256. */
  readonly hash: number
  /** For XChaCha20-Poly1305, associated data included. */
  readonly seal: number
}

/**
 * SHA-256 of 300 bytes takes WebCrypto 2.4 µs (noble 4.6), of 1,500 bytes 3.0 (19). XChaCha20-Poly1305 of 1,500
 * takes 8.6 µs (13), of 16 KiB 25 (84); of 700 both take 9.
 */
const MEASURED: NativeFrom = { hash: 256, seal: 1024 }

/**
 * Everything {@link Primitives} asks for; passes protocol's `checkPrimitives`, whatever the browser has. On a
 * page that was not loaded by https `crypto` has no `subtle`, other than its type says.
 */
export async function createBrowserPrimitives(
  { subtle }: { readonly subtle?: SubtleCrypto } = crypto,
  nativeFrom: NativeFrom = MEASURED,
): Promise<Primitives> {
  if (subtle === undefined) return noblePrimitives
  return {
    ...noblePrimitives,
    ...hashesOf(subtle, nativeFrom),
    aes256Gcm: subtleAes256Gcm(subtle),
    ...((await has(subtle, 'X25519', ['deriveBits'])) ? { x25519: subtleX25519(subtle) } : {}),
    ...((await has(subtle, 'Ed25519', ['sign', 'verify']))
      ? { verifyEd25519: subtleVerifyEd25519(subtle) }
      : {}),
    ...(await modernOf(subtle, nativeFrom)),
  }
}

type Hashes = Pick<Primitives, 'sha256' | 'hmacSha256' | 'hkdfSha256'>

function hashesOf(subtle: SubtleCrypto, nativeFrom: NativeFrom): Hashes {
  return {
    sha256: (bytes) =>
      bytes.length < nativeFrom.hash ? noblePrimitives.sha256(bytes) : digest(subtle, bytes),
    hmacSha256: (key, bytes) =>
      // WebCrypto takes no empty key.
      bytes.length < nativeFrom.hash || key.length === 0
        ? noblePrimitives.hmacSha256(key, bytes)
        : sign(subtle, key, bytes),
    // 6.6 µs for 64 bytes (noble 14).
    hkdfSha256: async ({ secret, salt, info, length }) => {
      const key = await subtle.importKey('raw', unshared(secret), 'HKDF', false, ['deriveBits'])
      const params = { name: 'HKDF', hash: 'SHA-256', salt: unshared(salt), info: unshared(info) }
      return new Uint8Array(await subtle.deriveBits(params, key, length * 8))
    },
  }
}

async function digest(subtle: SubtleCrypto, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await subtle.digest('SHA-256', unshared(bytes)))
}

async function sign(subtle: SubtleCrypto, key: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await subtle.importKey('raw', unshared(key), algorithm, false, ['sign'])
  return new Uint8Array(await subtle.sign('HMAC', imported, unshared(bytes)))
}

/** What this browser has of the newer algorithms. */
async function modernOf(subtle: SubtleCrypto, { seal }: NativeFrom): Promise<Partial<Primitives>> {
  if (!isModern(subtle)) return {}
  const hasMlKem = await succeeds(() =>
    subtle.importKey('raw-seed', new Uint8Array(64), 'ML-KEM-768', false, ['decapsulateBits']),
  )
  const hasChaCha = await succeeds(() =>
    subtle.importKey('raw-secret', new Uint8Array(32), 'ChaCha20-Poly1305', false, ['encrypt']),
  )
  const xchacha = xchachaOver(subtleChaCha20Poly1305(subtle))
  return {
    ...(hasMlKem ? { mlKem768: subtleMlKem768(subtle) } : {}),
    ...(hasChaCha ? { xchacha20Poly1305: quickerFrom(seal, xchacha) } : {}),
  }
}

function quickerFrom(size: number, native: Aead): Aead {
  const { xchacha20Poly1305: noble } = noblePrimitives
  const quicker = ({ bytes, associatedData }: AeadInput): Aead =>
    bytes.length + associatedData.length < size ? noble : native
  return {
    seal: (input) => quicker(input).seal(input),
    open: (input) => quicker(input).open(input),
  }
}

function has(
  subtle: SubtleCrypto,
  algorithm: 'X25519' | 'Ed25519',
  usages: readonly KeyUsage[],
): Promise<boolean> {
  return succeeds(() => subtle.generateKey(algorithm, false, usages))
}

async function succeeds(trial: () => Promise<unknown>): Promise<boolean> {
  return trial().then(
    () => true,
    () => false,
  )
}
