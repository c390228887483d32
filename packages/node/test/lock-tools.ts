/** What locking takes from outside, as tests want it: a clock they move, Argon2id that costs little. */

import hashWasm from 'hash-wasm'
import { hashWasmOptions } from '../src/lock/argon2id.ts'
import type { Keyring, LockTools } from '../src/lock/home-key.ts'
import { nodePlatform } from '../src/platform.node.ts'

/** The same algorithm, asked for less and here: what it costs and where it runs is proved once (LOCK-4). */
export async function cheapArgon2id(
  input: Parameters<LockTools['argon2id']>[0],
): Promise<Uint8Array> {
  const cost = { memoryKiB: 8, passes: 1, lanes: 1 }
  return hashWasm.argon2id(hashWasmOptions({ ...input, cost }))
}

/** Tools with a clock that stands until it is moved. */
export interface TestLockTools extends LockTools {
  wall: number
}

export function lockTools(): TestLockTools {
  const { primitives, rng } = nodePlatform
  const tools: TestLockTools = {
    wall: Date.UTC(2026, 10, 1),
    clock: { now: () => tools.wall, monotonic: () => tools.wall },
    primitives,
    rng,
    argon2id: cheapArgon2id,
  }
  return tools
}

/** A keyring in memory, which can be made to fail as one without a desktop does. */
export function memoryKeyring(): Keyring & {
  readonly entries: Map<string, string>
  broken: boolean
} {
  const entries = new Map<string, string>()
  const orBroken = (): void => {
    if (keyring.broken) throw new Error("Couldn't access platform storage: AccessDenied")
  }
  const keyring = {
    entries,
    broken: false,
    get: async (name: string) => {
      orBroken()
      return entries.get(name)
    },
    set: async (name: string, secret: string) => {
      orBroken()
      entries.set(name, secret)
    },
    delete: async (name: string) => {
      orBroken()
      entries.delete(name)
    },
  }
  return keyring
}
