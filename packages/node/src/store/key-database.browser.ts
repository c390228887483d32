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
  const database = await openDatabase(`kith-keys-${home}`, VERSION, (fresh) => {
    fresh.createObjectStore(STORE)
  })
  try {
    const kept = await readKey(database, name)
    if (kept === undefined) await addKey(database, name, await create())
    const value = await parse(kept ?? (await readKey(database, name)))
    if (value === undefined) throw new KithError('ERR_STORE_CORRUPT', `the key ${name} is damaged`)
    return value
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
