/**
 * What an account begins with: 16 bytes of entropy, which a person keeps as 12 words, and the two keys
 * derived from them (protocol.md §2).
 */

import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js'
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { KithError } from '../errors.ts'
import { domainBytes, type Purpose } from './domain.ts'
import { KEY_BYTES, type Signer, signerFromSeed } from './keys.ts'

/** Entropy of an account, in bytes: 128 bits, which are 12 words of BIP39. */
export const ENTROPY_BYTES = 16
/** Length of an X-Wing encapsulation key (draft-connolly-cfrg-xwing-kem §5.7), in bytes. */
export const RECOVERY_KEY_BYTES = 1216

/** The keys of an account's root. Held in memory only while they are used. */
export interface AccountRoot {
  /** Signs the genesis entry, and a recovery. */
  readonly signer: Signer
  /** X-Wing encapsulation key, 1,216 bytes: what epoch keys are sealed to for recovery. */
  readonly recoveryPublicKey: Uint8Array
  /** X-Wing decapsulation key, 32 bytes. Secret. */
  readonly recoverySecretKey: Uint8Array
}

/**
 * The root of an account from its 16 bytes of entropy: the same at every time and place (ID-7).
 *
 * @throws ERR_WORDS when `entropy` is of another length
 */
export function deriveAccountRoot(entropy: Uint8Array): AccountRoot {
  checkEntropy(entropy)
  const recovery = xwing.keygen(derive(entropy, 'recovery key'))
  return {
    signer: signerFromSeed(derive(entropy, 'root key')),
    recoveryPublicKey: recovery.publicKey,
    recoverySecretKey: recovery.secretKey,
  }
}

function derive(entropy: Uint8Array, purpose: Purpose): Uint8Array {
  return hkdf(sha256, entropy, undefined, domainBytes(purpose), KEY_BYTES)
}

/**
 * The 12 BIP39 words of an account's entropy, with one space between them.
 *
 * @throws ERR_WORDS when `entropy` is of another length
 */
export function recoveryWords(entropy: Uint8Array): string {
  checkEntropy(entropy)
  return entropyToMnemonic(entropy, wordlist)
}

/**
 * The 16 bytes of entropy of 12 words, as a person types them: any case, any white space.
 *
 * @throws ERR_WORDS when a word is unknown, one is missing, or the checksum does not fit
 */
export function entropyFromWords(words: string): Uint8Array {
  const entropy = words.length > MAX_TYPED ? undefined : entropyOfPhrase(words)
  if (entropy?.length === ENTROPY_BYTES) return entropy
  throw new KithError('ERR_WORDS', 'these are not the 12 words of an account', {
    hint: 'Check each word and their order.',
  })
}

/** Far above 12 words of at most 8 letters; what is longer is no such thing. */
const MAX_TYPED = 1024

/** The entropy of a phrase of any length that BIP39 knows. */
function entropyOfPhrase(words: string): Uint8Array | undefined {
  const typed = words.toLowerCase().trim().split(/\s+/)
  try {
    return mnemonicToEntropy(typed.join(' '), wordlist)
  } catch {
    // The cause is not passed on: its message may quote a word.
    return undefined
  }
}

function checkEntropy(entropy: Uint8Array): void {
  if (entropy.length !== ENTROPY_BYTES) {
    throw new KithError('ERR_WORDS', `an account has ${ENTROPY_BYTES} bytes of entropy`)
  }
}
