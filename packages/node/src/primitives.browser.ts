/**
 * The algorithms of sessions in a page: WebCrypto where it is faster than noble, noble for the rest,
 * and for everything on a page that was not loaded by https, where WebCrypto is missing.
 */

import {
  type Aead,
  type AeadInput,
  KithError,
  noblePrimitives,
  type Primitives,
  type X25519,
} from '@kithmesh/protocol'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** PKCS #8 of an X25519 private key, up to its 32 bytes (RFC 8410 §7). */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
])

/** Everything {@link Primitives} asks for; passes protocol's `checkPrimitives`. */
export async function createBrowserPrimitives(): Promise<Primitives> {
  // Whatever the type says, a page that was not loaded by https has none.
  const subtle: SubtleCrypto | undefined = crypto.subtle
  if (subtle === undefined) return noblePrimitives
  return {
    // Hashing is of small inputs, where a call to WebCrypto costs more than noble takes.
    ...noblePrimitives,
    aes256Gcm: aesOf(subtle),
    ...((await hasX25519(subtle)) ? { x25519: x25519Of(subtle) } : {}),
  }
}

function aesOf(subtle: SubtleCrypto): Aead {
  const keyFor = async (input: AeadInput, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> => {
    if (input.key.length !== KEY_BYTES || input.nonce.length !== NONCE_BYTES) {
      throw new KithError('ERR_KEY_REFUSED', 'an AEAD key or nonce of another length')
    }
    return subtle.importKey('raw', owned(input.key), 'AES-GCM', false, [use])
  }
  return {
    seal: async (input) => {
      const key = await keyFor(input, 'encrypt')
      return new Uint8Array(await subtle.encrypt(gcm(input), key, owned(input.bytes)))
    },
    open: async (input) => {
      const key = await keyFor(input, 'decrypt')
      if (input.bytes.length < TAG_BYTES) return undefined
      return subtle.decrypt(gcm(input), key, owned(input.bytes)).then(
        (plaintext) => new Uint8Array(plaintext),
        () => undefined,
      )
    },
  }
}

function gcm({ nonce, associatedData }: Pick<AeadInput, 'nonce' | 'associatedData'>): AesGcmParams {
  return { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(associatedData) }
}

function x25519Of(subtle: SubtleCrypto): X25519 {
  const privateKey = (secretKey: Uint8Array, extractable: boolean): Promise<CryptoKey> => {
    if (secretKey.length !== KEY_BYTES) throw refused()
    const pkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...secretKey)
    return subtle.importKey('pkcs8', pkcs8, 'X25519', extractable, ['deriveBits'])
  }
  return {
    keyPair: async (secretKey) => {
      const { x } = await subtle.exportKey('jwk', await privateKey(secretKey, true))
      return { publicKey: bytesOfBase64url(x ?? ''), secretKey }
    },
    // WebCrypto fails on the all-zero result of a key of small order (RFC 7748 §6.1).
    agree: (secretKey, publicKey) =>
      orRefused(async () => {
        const [own, theirs] = await Promise.all([
          privateKey(secretKey, false),
          subtle.importKey('raw', owned(publicKey), 'X25519', false, []),
        ])
        const shared = await subtle.deriveBits({ name: 'X25519', public: theirs }, own, 256)
        return new Uint8Array(shared)
      }),
  }
}

async function hasX25519(subtle: SubtleCrypto): Promise<boolean> {
  return subtle.generateKey('X25519', false, ['deriveBits']).then(
    () => true,
    () => false,
  )
}

async function orRefused<T>(compute: () => Promise<T>): Promise<T> {
  try {
    return await compute()
  } catch {
    throw refused()
  }
}

function refused(): KithError {
  return new KithError('ERR_KEY_REFUSED', 'a key that X25519 refuses')
}

function bytesOfBase64url(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/** WebCrypto takes no bytes of shared memory, which the type of a plain Uint8Array allows. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
