/**
 * The seam to the algorithms of sessions and sealing (SES-1). `noblePrimitives` is in pure TypeScript and
 * runs everywhere; a platform package may put native versions of some in its place and proves them by
 * `checkPrimitives`. Randomness is always an argument, so that no implementation draws its own. No function
 * changes its arguments, and what it returns shares no memory with anything else, but for `KeyPair.secretKey`.
 */

/** A value now, or a promise of it: native implementations may be asynchronous. */
export type MaybePromise<T> = T | Promise<T>

/** Both halves of a key of an agreement or of a KEM, raw bytes. */
export interface KeyPair {
  readonly publicKey: Uint8Array
  /** Where a pair is made of it: that very array, not a copy. */
  readonly secretKey: Uint8Array
}

/** What goes into HKDF (RFC 5869). */
export interface HkdfInput {
  /** Input keying material. */
  readonly secret: Uint8Array
  readonly salt: Uint8Array
  /** Begins with a domain string (`domainBytes`). */
  readonly info: Uint8Array
  /** Bytes wanted, at most 8,160. */
  readonly length: number
}

/** What goes into sealing and opening. */
export interface AeadInput {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 24 bytes for XChaCha20-Poly1305, 12 for AES-256-GCM. */
  readonly nonce: Uint8Array
  /** What is sealed: plaintext; what is opened: ciphertext and, behind it, the 16-byte tag. */
  readonly bytes: Uint8Array
  /** Bound to the ciphertext, not part of it. */
  readonly associatedData: Uint8Array
}

/** Authenticated encryption with associated data. */
export interface Aead {
  /** Ciphertext and, behind it, the 16-byte tag. */
  seal(input: AeadInput): MaybePromise<Uint8Array>
  /** The plaintext, or nothing when the bytes are not what was sealed. */
  open(input: AeadInput): MaybePromise<Uint8Array | undefined>
}

/** Diffie-Hellman on Curve25519 (RFC 7748). */
export interface X25519 {
  /** The pair of a secret key: any 32 random bytes. */
  keyPair(secretKey: Uint8Array): MaybePromise<KeyPair>
  /** The 32-byte shared secret. @throws ERR_KEY_REFUSED for a key of small order (all-zero result) */
  agree(secretKey: Uint8Array, publicKey: Uint8Array): MaybePromise<Uint8Array>
}

/** What an encapsulation yields. */
export interface Encapsulated {
  /** 1,088 bytes, for the holder of the secret key. */
  readonly ciphertext: Uint8Array
  /** 32 bytes. */
  readonly sharedSecret: Uint8Array
}

/** ML-KEM-768 (FIPS 203). Secret keys are kept as the 64-byte seed d ‖ z (FIPS 203 §7.1). */
export interface MlKem768 {
  /** The pair of a 64-byte seed. */
  keyPair(seed: Uint8Array): MaybePromise<KeyPair>
  /** `randomness`: 32 fresh bytes. @throws ERR_KEY_REFUSED for a key that fails FIPS 203 §7.2 */
  encapsulate(publicKey: Uint8Array, randomness: Uint8Array): MaybePromise<Encapsulated>
  /** A ciphertext made for another key yields another secret, not an error (implicit rejection). */
  decapsulate(secretKey: Uint8Array, ciphertext: Uint8Array): MaybePromise<Uint8Array>
}

/** What a signature is of. */
export interface SignedBytes {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly bytes: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** Every algorithm a session and the account log use. */
export interface Primitives {
  /**
   * Ed25519 (RFC 8032) where a disagreement with another device costs one session or one record, such as
   * on device cards. What decides shared state has one verifier everywhere, `verifySignature` (ID-5).
   */
  verifyEd25519(signed: SignedBytes): MaybePromise<boolean>
  sha256(bytes: Uint8Array): MaybePromise<Uint8Array>
  hmacSha256(key: Uint8Array, bytes: Uint8Array): MaybePromise<Uint8Array>
  hkdfSha256(input: HkdfInput): MaybePromise<Uint8Array>
  readonly x25519: X25519
  readonly mlKem768: MlKem768
  /** For messages: random nonces cannot meet, even after a restored backup (SES-9). */
  readonly xchacha20Poly1305: Aead
  /** For bulk and at rest, where native code matters. */
  readonly aes256Gcm: Aead
}

/** Length of an X25519 key, public or secret. */
export const X25519_KEY_BYTES = 32
/** Length of an ML-KEM-768 public key (FIPS 203 table 3). */
export const KEM_PUBLIC_KEY_BYTES = 1184
/** Length of the seed that stands for an ML-KEM-768 secret key. */
export const KEM_SEED_BYTES = 64
/** Length of an ML-KEM-768 ciphertext. */
export const KEM_CIPHERTEXT_BYTES = 1088
/** Length of the randomness of one encapsulation. */
export const KEM_RANDOMNESS_BYTES = 32
/** Length of a key of either AEAD. */
export const AEAD_KEY_BYTES = 32
/** Length of an AES-256-GCM nonce. */
export const GCM_NONCE_BYTES = 12
/** Length of a ChaCha20-Poly1305 nonce (RFC 8439). */
export const CHACHA_NONCE_BYTES = 12
/** Length of an XChaCha20-Poly1305 nonce. */
export const XCHACHA_NONCE_BYTES = 24
/** Length of the tag behind every ciphertext. */
export const AEAD_TAG_BYTES = 16
