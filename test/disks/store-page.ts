/** A page with the store of a home in it, for what a power cut or a second tab does to it. */

import { createBrowserPlatform } from '../../packages/node/src/platform.browser.ts'
import { singleKey, uintPart } from '../../packages/node/src/store/key-codec.ts'
import { openStore } from '../../packages/node/src/store/store.ts'
import type { Store, Table } from '../../packages/node/src/store/store-types.ts'
import { codec, uint } from '../../packages/protocol/src/index.ts'

const platform = await createBrowserPlatform()
const { clock, rng } = platform
const numbers = codec(uint({ max: Number.MAX_SAFE_INTEGER }), { maxBytes: 9 })
const acknowledged: number[] = []

/** What was found in a home. */
export interface Found {
  readonly damage: number
  readonly left: readonly number[]
  readonly right: readonly number[]
}

const page = {
  /** Opens the home and commits without end: each number in two tables, so that a half commit shows. */
  commitForEver: async (home: string): Promise<void> => {
    const store = await open(home)
    const [left, right] = [tableOf(store, 'left'), tableOf(store, 'right')]
    let last = 0
    const lane = async (): Promise<never> => {
      for (;;) {
        last += 1
        const number = last
        await store.commit([left.put(number, number), right.put(number, number)])
        acknowledged.push(number)
      }
    }
    for (let lanes = 0; lanes < 4; lanes++) void lane()
  },
  acknowledged: (): readonly number[] => [...acknowledged],
  /** Opens the home, if it may, and looks at everything in it. */
  look: async (home: string): Promise<Found | { readonly code: unknown }> => {
    try {
      await using store = await open(home)
      await store.audited
      return {
        damage: store.damage.length,
        left: await keysOf(store, 'left'),
        right: await keysOf(store, 'right'),
      }
    } catch (error) {
      return { code: error instanceof Error && 'code' in error ? error.code : `${error}` }
    }
  },
}

/** The calls, as a test sees them. */
export type StorePage = typeof page

function open(home: string): Promise<Store> {
  return openStore({ home, platform }, { clock, rng })
}

function tableOf(store: Store, name: string): Table<number, number> {
  return store.table(name, { key: singleKey(uintPart()), value: numbers })
}

async function keysOf(store: Store, name: string): Promise<readonly number[]> {
  const keys: number[] = []
  for await (const [key] of tableOf(store, name).entries()) keys.push(key)
  return keys
}

Object.assign(globalThis, { page })
