/**
 * How account data stands in the Y.Doc: entries of one key and one value, in one list for each
 * writer (a Yjs client id), which that writer alone appends to.
 *
 * Not a Y.Map: Yjs keeps every key and every replaced value of a map for ever, each as a struct of
 * its own, so that 100,000 edits weigh more than the account they left. Replaced entries of one
 * writer stand side by side here, and Yjs folds a run of them into one struct of a few bytes
 * (ACC-16). And as nobody writes behind another's entry, no two insertions ever compete: integration
 * costs the same whoever wrote before.
 */

import { KithError } from '@kithmesh/protocol'
import * as Y from 'yjs'
import { type FieldValue, isEntry, sameValue, tableOf } from './field-entries.ts'
import { createStanding, type Standing } from './standing-entries.ts'
import { nameRoots, writerRoot } from './writer-root.ts'

/** Entries of one document: four times what one table may hold (ACC-9). */
export const MAX_ENTRIES: number = 2 ** 20
/**
 * Writers of one document, a run of a device that edited something each. Yjs never forgets one: each takes
 * some 25 bytes of every snapshot and a microsecond of every transaction. So many are 70 runs a day for ten
 * years (ACC-28).
 */
export const MAX_WRITERS: number = 2 ** 18

/** The fields of all tables. */
export interface FieldList {
  /** The value that stands: of concurrent ones the same on every device (ACC-2). */
  get(key: string): FieldValue | undefined
  /**
   * Sets a field or, with `undefined`, clears it; takes away every value of it seen so far.
   *
   * @throws ERR_TOO_LARGE when others would refuse one more entry or writer
   */
  set(key: string, value: FieldValue | undefined): void
  /** The client id this device writes under now. */
  writer(): number
  /** How many entries stand, those that lost against a concurrent one included. */
  entryCount(): number
  batch(edits: () => void): void
  /** Tells a table of its fields: those that stand already at once, then each that changes. */
  observe(table: string, observer: FieldObserver): void
}

/** Who is told of the fields of one table. */
export interface FieldObserver {
  /** A field has another value, or none. Local edits are told at once. */
  readonly changed: (key: string) => void
  /** A transaction, local or remote, is over. */
  readonly settled: () => void
}

/** Opens the fields of a document; what it holds already is read first. */
export function openFieldList(doc: Y.Doc): FieldList {
  const standing = createStanding()
  const observers = new Map<string, FieldObserver>()
  const changed = (key: string): void => observers.get(tableOf(key))?.changed(key)

  nameRoots(doc, doc.store.clients.keys())
  for (const structs of doc.store.clients.values()) {
    for (const struct of structs) eachEntry(struct, standing.add)
  }
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    const keys = new Set<string>()
    eachAdded(transaction, (key, entry) => {
      if (standing.add(key, entry)) keys.add(key)
    })
    eachDeleted(transaction, (key, entry) => {
      if (standing.remove(key, entry)) keys.add(key)
    })
    for (const key of keys) changed(key)
    for (const observer of observers.values()) observer.settled()
  })

  /** What others would refuse is not written here either. */
  const requireRoom = (): void => {
    const isNewWriter = Y.getState(doc.store, doc.clientID) === 0
    const writers = doc.store.clients.size + (isNewWriter ? 1 : 0)
    if (standing.count() < MAX_ENTRIES && writers <= MAX_WRITERS) return
    throw new KithError('ERR_TOO_LARGE', 'account data is full', {
      hint: 'Remove contacts, stars or labels that are not needed any more.',
    })
  }
  const set = (key: string, value: FieldValue | undefined): void =>
    doc.transact((transaction) => {
      if (value !== undefined) requireRoom()
      for (const old of standing.entries(key)) {
        deleteEntry(transaction, old)
        standing.remove(key, old)
      }
      if (value !== undefined) standing.add(key, append(transaction, key, value))
      changed(key)
    })
  return {
    get: standing.value,
    set: (key, value) => {
      if (!sameValue(standing.value(key), value)) set(key, value)
    },
    writer: () => doc.clientID,
    entryCount: standing.count,
    batch: (edits) => doc.transact(edits),
    observe: (table, observer) => {
      observers.set(table, observer)
      for (const key of standing.keys()) if (tableOf(key) === table) observer.changed(key)
      observer.settled()
    },
  }
}

/** Writes an entry at the end of this device's own list. */
function append(transaction: Y.Transaction, key: string, value: FieldValue): Standing {
  const { doc } = transaction
  const client = doc.clientID
  const clock = Y.getState(doc.store, client)
  const left = clock === 0 ? null : Y.getItem(doc.store, Y.createID(client, clock - 1))
  const content = new Y.ContentAny([[key, value]])
  const origin = left === null ? null : left.lastId
  const root = writerRoot(doc, client)
  const item = new Y.Item(Y.createID(client, clock), left, origin, null, null, root, null, content)
  item.integrate(transaction, 0)
  return { client, clock, value }
}

function deleteEntry(transaction: Y.Transaction, { client, clock }: Standing): void {
  const { store } = transaction.doc
  const item = Y.getItemCleanStart(transaction, Y.createID(client, clock))
  if (item.length > 1) Y.getItemCleanEnd(transaction, store, Y.createID(client, clock))
  item.delete(transaction)
}

type TakeEntry = (key: string, entry: Standing) => void

/** Entries that a transaction brought and that stand at its end. */
function eachAdded({ doc, beforeState, afterState }: Y.Transaction, take: TakeEntry): void {
  for (const [client, end] of afterState) {
    const begin = beforeState.get(client) ?? 0
    const structs = doc.store.clients.get(client)
    if (begin === end || structs === undefined) continue
    for (let at = Y.findIndexSS(structs, begin); at < structs.length; at += 1) {
      const struct = structs[at]
      if (struct !== undefined) eachEntry(struct, take)
    }
  }
}

/** Entries that a transaction took away; Yjs forgets what stood in them after it. */
function eachDeleted(transaction: Y.Transaction, take: TakeEntry): void {
  Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => {
    if (struct instanceof Y.Item) entriesOf(struct, take)
  })
}

function eachEntry(struct: Y.Item | Y.GC, take: TakeEntry): void {
  if (struct instanceof Y.Item && !struct.deleted) entriesOf(struct, take)
}

function entriesOf({ id: { client, clock }, content }: Y.Item, take: TakeEntry): void {
  if (!(content instanceof Y.ContentAny)) return
  const elements: readonly unknown[] = content.arr
  for (const [at, element] of elements.entries()) {
    if (isEntry(element)) take(element[0], { client, clock: clock + at, value: element[1] })
  }
}
