/** The store in a page: browser-level, with every write on the disk before it is acknowledged. */

import { KithError } from '@kithmesh/protocol'
import { Level } from 'level'
import type { OpenCare } from '../platform.ts'
import type { Backend } from './backend.ts'
import { BYTE_LEVEL, type ByteLevel, createLevelBackend } from './level-backend.ts'

/** Opens the home's data. @throws ERR_STORE_OPEN */
export async function openBrowserBackend(home: string, care: OpenCare): Promise<Backend> {
  if (care === 'anew') await deleteData(home)
  const level = new Level<Uint8Array, Uint8Array>(home, { ...BYTE_LEVEL, prefix: 'kith-data-' })
  try {
    await level.open()
    writeStrictly(databaseOf(level))
  } catch (cause) {
    throw new KithError('ERR_STORE_OPEN', 'the browser gives no storage', {
      cause,
      hint: 'Allow this page to keep data, and leave private browsing.',
    })
  }
  // IndexedDB tells neither: a write tells by itself, and the browser compacts when it likes.
  return createLevelBackend(level, { isWritable: async () => true, compact: async () => {} })
}

/**
 * IndexedDB's default durability lost seconds of acknowledged writes in every power cut, `strict` in
 * none (facts.md, browser), and browser-level has no such option. But each of its transactions is
 * made by this one method of this one object, so here is where all of them become strict (STO-40).
 */
function writeStrictly(database: IDBDatabase): void {
  const transaction = database.transaction.bind(database)
  database.transaction = (names, mode, options) =>
    transaction(names, mode, mode === 'readwrite' ? { ...options, durability: 'strict' } : options)
}

/** browser-level shows its database; the types of `level`, which are for both, do not. */
function databaseOf(level: ByteLevel): IDBDatabase {
  const database: unknown = Reflect.get(level, 'db')
  if (!(database instanceof IDBDatabase)) throw new TypeError('browser-level has no database')
  return database
}

/** A page cannot set a database aside; what is damaged there is lost. */
function deleteData(home: string): Promise<void> {
  const request = indexedDB.deleteDatabase(`kith-data-${home}`)
  return new Promise((settle, refuse) => {
    request.onsuccess = () => settle()
    request.onerror = () => refuse(request.error)
  })
}
