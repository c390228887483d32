/** The wraps of a home key: each opens it in its own way, and any one of them is enough (LOCK-1). */

import {
  bytes,
  type Codec,
  codec,
  list,
  record,
  type Shape,
  suited,
  text,
  uint,
  variants,
} from '@kithmesh/protocol'
import type { Argon2idCost } from './argon2id.ts'

/** The home key under a key that a passphrase, a keyring or a passkey gives. */
export type Wrap =
  | {
      readonly kind: 'passphrase'
      readonly salt: Uint8Array
      readonly cost: Argon2idCost
      readonly sealed: Uint8Array
    }
  /** `name`: the entry of the host's keyring that holds the key. */
  | { readonly kind: 'keyring'; readonly name: string; readonly sealed: Uint8Array }
  /** `credential`: which passkey; `salt`: what its PRF is asked for. */
  | {
      readonly kind: 'passkey'
      readonly credential: Uint8Array
      readonly salt: Uint8Array
      readonly sealed: Uint8Array
    }

/** A wrap of one kind. */
export type WrapOf<K extends Wrap['kind']> = Extract<Wrap, { readonly kind: K }>

/** How a home key is kept: plain and nothing else, or under wraps. */
export interface KeptHomeKey {
  /** The key itself: whoever reads the disk has it. Undefined once there is a passphrase. */
  readonly plain: Uint8Array | undefined
  readonly wraps: readonly Wrap[]
}

export const HOME_KEY_BYTES = 32
export const SALT_BYTES = 16
/** What the PRF of a passkey is asked for; it hashes it itself. */
export const PRF_SALT_BYTES = 32
/** Commitment, nonce, key, tag. */
export const SEALED_BYTES: number = 32 + 12 + HOME_KEY_BYTES + 16
/** Passphrase, keyring and a few passkeys. */
export const MAX_WRAPS = 16
const VERSION = 1
const MAX_CREDENTIAL_BYTES = 1_023
/** Bounds of what a file may ask this machine to do: 1 GiB, 64 passes. */
const MAX_MEMORY_KIB = 1024 * 1024
const MAX_PASSES = 64

const sealed = bytes({ length: SEALED_BYTES })

export const wrapShape: Shape<Wrap> = variants('kind', {
  passphrase: record({
    salt: bytes({ length: SALT_BYTES }),
    cost: record({
      memoryKiB: uint({ max: MAX_MEMORY_KIB }),
      passes: uint({ max: MAX_PASSES }),
      lanes: uint({ max: 1 }),
    }),
    sealed,
  }),
  keyring: record({ name: text({ max: 128 }), sealed }),
  passkey: record({
    credential: bytes({ max: MAX_CREDENTIAL_BYTES }),
    salt: bytes({ length: PRF_SALT_BYTES }),
    sealed,
  }),
})

/** All but the plain key, which each platform keeps in its own way. */
export const wrapsCodec: Codec<readonly Wrap[]> = codec(
  suited(VERSION, list(wrapShape, { max: MAX_WRAPS })),
  { maxBytes: 64 * 1024 },
)

/** The first wrap of a kind. */
export function wrapOf<K extends Wrap['kind']>(
  { wraps }: Pick<KeptHomeKey, 'wraps'>,
  kind: K,
): WrapOf<K> | undefined {
  return wrapsOf({ wraps }, kind)[0]
}

/** Every wrap of a kind. */
export function wrapsOf<K extends Wrap['kind']>(
  { wraps }: Pick<KeptHomeKey, 'wraps'>,
  kind: K,
): readonly WrapOf<K>[] {
  return wraps.filter((wrap): wrap is WrapOf<K> => wrap.kind === kind)
}
