/**
 * Keys of a home in a page: a database of their own, since WebCrypto keys whose bytes nobody may
 * read can only be kept as the objects they are, which level's bytes cannot hold (STO-41).
 */

import { KithError, type MaybePromise } from '@kithmesh/protocol'
import { completed, openDatabase } from './indexed-db.browser.ts'

const STORE = 'keys'
const VERSION = 1

/** The key `name` of the home, read back by `parse`; `create` makes it the first time. */
export async function loadOrCreateKey<T>(
  home: string,
  name: string,
  { parse, create }: KeyMaking<T>,
): Promise<T> {
  return withKeys(home, async (database) => {
    const kept = await readKey(database, name)
    if (kept === undefined) await addKey(database, name, await create())
    const value = await parse(kept ?? (await readKey(database, name)))
    if (value === undefined) throw new KithError('ERR_STORE_CORRUPT', `the key ${name} is damaged`)
    return value
  })
}

/** What stands under `name`; undefined when there is nothing. */
export function readKeyOf(home: string, name: string): Promise<unknown> {
  return withKeys(home, (database) => readKey(database, name))
}

/** Everything that stands there, by name. */
export function readAllKeys(home: string): Promise<ReadonlyMap<string, unknown>> {
  return withKeys(home, async (database) => {
    const store = database.transaction(STORE).objectStore(STORE)
    const [names, values] = [store.getAllKeys(), store.getAll()]
    await completed(store.transaction)
    return new Map(names.result.map((name, at) => [String(name), values.result[at]]))
  })
}

/** Puts all of these in the place of what is there, or none; on the disk when it resolves. */
export function replaceKeys(home: string, entries: ReadonlyMap<string, unknown>): Promise<void> {
  return withKeys(home, async (database) => {
    const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' })
    for (const [name, value] of entries) transaction.objectStore(STORE).put(value, name)
    await completed(transaction)
  })
}

async function withKeys<T>(home: string, work: (database: IDBDatabase) => Promise<T>): Promise<T> {
  const database = await openDatabase(`kith-keys-${home}`, VERSION, (fresh) => {
    fresh.createObjectStore(STORE)
  })
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

/** How a key comes to be. */
export interface KeyMaking<T> {
  /** Undefined when the stored object is not such a key. */
  parse(stored: unknown): MaybePromise<T | undefined>
  create(): Promise<unknown>
}

async function readKey(database: IDBDatabase, name: string): Promise<unknown> {
  const request = database.transaction(STORE).objectStore(STORE).get(name)
  await completed(request.transaction)
  return request.result
}

/** Never over another: of two pages that create, both then read the first. */
async function addKey(database: IDBDatabase, name: string, value: unknown): Promise<void> {
  const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' })
  const request = transaction.objectStore(STORE).add(value, name)
  request.onerror = (event) => {
    if (request.error?.name === 'ConstraintError') event.preventDefault()
  }
  await completed(transaction)
}
