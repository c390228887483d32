/** What a try of a passphrase costs (LOCK-4). */

/** The parameters of Argon2id (RFC 9106 §3.1). */
export interface Argon2idCost {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

/** 64 MiB, 3 passes, 1 lane: RFC 9106 §4's second choice, with one lane since WebAssembly has no threads. */
export const ARGON2ID_COST: Argon2idCost = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 }

/** One computation; what crosses to the worker. */
export interface Argon2idInput {
  readonly password: Uint8Array
  /** 16 random bytes. */
  readonly salt: Uint8Array
  readonly cost: Argon2idCost
}

/** 32 bytes, computed in a thread or worker of its own, so that the device goes on meanwhile. */
export type Argon2id = (input: Argon2idInput) => Promise<Uint8Array>

/** How hash-wasm is asked. */
export interface HashWasmOptions {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly memorySize: number
  readonly iterations: number
  readonly parallelism: number
  readonly hashLength: number
  readonly outputType: 'binary'
}

/** The same question in the words of hash-wasm. */
export function hashWasmOptions({ password, salt, cost }: Argon2idInput): HashWasmOptions {
  return {
    password,
    salt,
    memorySize: cost.memoryKiB,
    iterations: cost.passes,
    parallelism: cost.lanes,
    hashLength: 32,
    outputType: 'binary',
  }
}
