/**
 * That primitives take windows on larger arrays, change nothing they are given, and give arrays that share
 * memory with nothing: a session keeps what it gets, and its arguments are parts of messages and states.
 */

import { equalBytes } from '../../codec/bytes.ts'
import { noblePrimitives } from '../noble-primitives.ts'
import type { MaybePromise, Primitives } from '../primitives.ts'
import type { Check } from './check.ts'

/** One function of the seam, with arguments it takes. */
interface Operation {
  readonly name: string
  readonly input: () => MaybePromise<readonly Uint8Array[]>
  readonly output: (
    primitives: Primitives,
    input: readonly Uint8Array[],
  ) => Promise<readonly Uint8Array[]>
}

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const NONE = new Uint8Array()
/** Long enough to be done natively, where small inputs are not. */
const LONG = 2_000

const OPERATIONS: readonly Operation[] = [
  ...[10, LONG].flatMap((length): readonly Operation[] => [
    {
      name: `SHA-256 of ${length} bytes`,
      input: () => [bytes(length, 1)],
      output: async ({ sha256 }, [text = NONE]) => [await sha256(text)],
    },
    {
      name: `HMAC-SHA256 of ${length} bytes`,
      input: () => [bytes(32, 1), bytes(length, 2)],
      output: async ({ hmacSha256 }, [key = NONE, text = NONE]) => [await hmacSha256(key, text)],
    },
    ...(['xchacha20Poly1305', 'aes256Gcm'] as const).flatMap((name) => aead(name, length)),
  ]),
  {
    name: 'HKDF-SHA256',
    input: () => [bytes(32, 1), bytes(24, 2), bytes(50, 3)],
    output: async ({ hkdfSha256 }, [secret = NONE, salt = NONE, info = NONE]) => [
      await hkdfSha256({ secret, salt, info, length: 64 }),
    ],
  },
  {
    name: 'X25519 key pair',
    input: () => [bytes(32, 1)],
    output: async ({ x25519 }, [secret = NONE]) => [(await x25519.keyPair(secret)).publicKey],
  },
  {
    name: 'X25519',
    input: () => [bytes(32, 1), bytes(32, 9)],
    output: async ({ x25519 }, [secret = NONE, peer = NONE]) => [await x25519.agree(secret, peer)],
  },
  {
    name: 'ML-KEM-768 key pair',
    input: () => [bytes(64, 1)],
    output: async ({ mlKem768 }, [seed = NONE]) => [(await mlKem768.keyPair(seed)).publicKey],
  },
  {
    name: 'ML-KEM-768 encapsulation',
    input: async () => {
      const { publicKey } = await noblePrimitives.mlKem768.keyPair(bytes(64, 1))
      return [publicKey, bytes(32, 2)]
    },
    output: async ({ mlKem768 }, [publicKey = NONE, randomness = NONE]) => {
      const { ciphertext, sharedSecret } = await mlKem768.encapsulate(publicKey, randomness)
      return [ciphertext, sharedSecret]
    },
  },
  {
    name: 'ML-KEM-768 decapsulation',
    input: () => [bytes(64, 1), bytes(1088, 2)],
    output: async ({ mlKem768 }, [seed = NONE, ciphertext = NONE]) => [
      await mlKem768.decapsulate(seed, ciphertext),
    ],
  },
]

function aead(name: 'xchacha20Poly1305' | 'aes256Gcm', length: number): readonly Operation[] {
  const input = (): readonly Uint8Array[] => [
    bytes(32, 1),
    bytes(name === 'aes256Gcm' ? 12 : 24, 2),
    bytes(length, 3),
    bytes(10, 4),
  ]
  const named = ([
    key = NONE,
    nonce = NONE,
    text = NONE,
    associatedData = NONE,
  ]: readonly Uint8Array[]) => ({
    key,
    nonce,
    bytes: text,
    associatedData,
  })
  return [
    {
      name: `${name} seals ${length} bytes`,
      input,
      output: async ({ [name]: cipher }, given) => [await cipher.seal(named(given))],
    },
    {
      name: `${name} opens ${length} bytes`,
      input: async () => {
        const [key = NONE, nonce = NONE, , associatedData = NONE] = input()
        const sealed = await noblePrimitives[name].seal(named(input()))
        return [key, nonce, sealed, associatedData]
      },
      output: async ({ [name]: cipher }, given) => [(await cipher.open(named(given))) ?? NONE],
    },
  ]
}

/** Three per function, and two about keys that are made of an argument. */
export const MEMORY_CHECKS: readonly Check[] = [
  ...OPERATIONS.flatMap(({ name, input, output }): readonly Check[] => [
    {
      name: `${name} takes windows on larger arrays`,
      holds: async (primitives) => {
        const given = await input()
        const windows = given.map((argument) => windowOn(argument))
        return areEqual(await output(primitives, windows), await output(noblePrimitives, given))
      },
    },
    {
      name: `${name} changes no argument`,
      holds: async (primitives) => {
        const given = await input()
        const before = given.map((argument) => argument.slice())
        await output(primitives, given)
        return areEqual(given, before)
      },
    },
    {
      name: `${name} gives plain arrays of its own`,
      holds: async (primitives) => {
        const given = await input()
        const results = [await output(primitives, given), await output(primitives, given)].flat()
        const memory = new Set([...given, ...results].map(({ buffer }) => buffer))
        const arePlain = results.every((result) => result.constructor === Uint8Array)
        return arePlain && memory.size === given.length + results.length
      },
    },
  ]),
  ...(['x25519', 'mlKem768'] as const).map(
    (name): Check => ({
      name: `${name}: a pair holds the secret array it was made of, and follows it when it is overwritten`,
      holds: async ({ [name]: { keyPair } }) => {
        const secret = bytes(name === 'x25519' ? 32 : 64, 1)
        const { publicKey: before, secretKey } = await keyPair(secret)
        secret.fill(2)
        const { publicKey } = await keyPair(secret)
        const { publicKey: fresh } = await noblePrimitives[name].keyPair(secret.slice())
        return secretKey === secret && equalBytes(publicKey, fresh) && !equalBytes(before, fresh)
      },
    }),
  ),
]

function windowOn(argument: Uint8Array): Uint8Array {
  const larger = new Uint8Array(argument.length + 8).fill(0xee)
  larger.set(argument, 3)
  return larger.subarray(3, 3 + argument.length)
}

function areEqual(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some.every((one, index) => equalBytes(one, others[index] ?? bytes(one.length + 1, 0)))
}
