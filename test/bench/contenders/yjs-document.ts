import type * as Y from 'yjs'
import { editedKey, recordKey, type Sights } from './contender.ts'

const MAP = 'records'

/** Puts the records of a backlog into a document. */
export function fill(doc: Y.Doc, records: number): void {
  const map = doc.getMap<number>(MAP)
  doc.transact(() => {
    for (let index = 0; index < records; index++) map.set(recordKey(index), 0)
  })
}

/** The `n`th edit, of `records`. */
export function edit(doc: Y.Doc, n: number, records: number): void {
  doc.getMap<number>(MAP).set(editedKey(n, records), n)
}

/** Tells every record and edit that comes into the document. */
export function watch(doc: Y.Doc, sights: Sights): void {
  const map = doc.getMap<number>(MAP)
  map.observe((event) => {
    for (const key of event.keysChanged) {
      const value = map.get(key)
      if (value === 0) sights.record(key)
      else if (value !== undefined) sights.edit(value)
    }
  })
}
