import { equalBytes, KithError } from '@kithmesh/protocol'
import type * as Y from 'yjs'
import { type FieldValue, isFieldKey, isFieldValue } from './update-check.ts'

/** The fields of one row by name. */
export type Row = ReadonlyMap<string, FieldValue>

/**
 * Rows of named fields on one Y.Map. A field is a key of its own, `<row id>/<field>`, instead of
 * a nested Y.Map per row: two devices that make the same row at the same time would each make a
 * nested map, and Yjs would keep only one of them with all its fields. So concurrent edits of
 * different fields always merge (ACC-2).
 */
export interface RowTable {
  row(id: string): Row | undefined
  rows(): Iterable<readonly [id: string, row: Row]>
  /**
   * Sets fields; `undefined` clears one. Equal values write nothing. @throws ERR_TOO_LARGE,
   * ERR_MALFORMED
   */
  write(id: string, fields: Readonly<Record<string, FieldValue | undefined>>): void
  /** Clears every field of a row. */
  drop(id: string): void
}

/** What a table tells after a transaction, whether it was local or remote. */
export type RowsChanged = (before: ReadonlyMap<string, Row | undefined>) => void

/**
 * Most fields in one table: 5 × the largest account measured; beyond it somebody is filling our
 * disk.
 */
const MAX_FIELDS = 262_144

/** Opens the rows of the root `name`; `changed` gets each row that changed as it was before. */
export function openRowTable(doc: Y.Doc, name: string, changed: RowsChanged): RowTable {
  const map = doc.getMap<FieldValue>(name)
  const index = createRowIndex()
  for (const [key, value] of map.entries()) index.put(key, value)
  /** Rows as they were before the transaction that is going on. */
  const before = new Map<string, Row | undefined>()
  const reindex = (key: string): void => {
    const [id] = partsOf(key)
    if (!before.has(id)) before.set(id, index.row(id))
    index.put(key, map.get(key))
  }
  map.observe(({ keysChanged }) => {
    for (const key of keysChanged) if (key !== null) reindex(key)
    const rows = new Map(before)
    before.clear()
    changed(rows)
  })

  const setField = (key: string, old: FieldValue | undefined, value: FieldValue): void => {
    checkField(key, value)
    if (old === undefined && index.fieldCount() >= MAX_FIELDS) throw full()
    map.set(key, value)
    // At once, for the edits that follow in the same transaction; the observer runs at its end.
    reindex(key)
  }
  const clearField = (key: string): void => {
    map.delete(key)
    reindex(key)
  }
  const writeField = (id: string, field: string, value: FieldValue | undefined): void => {
    const old = index.row(id)?.get(field)
    if (sameValue(old, value)) return
    if (value === undefined) clearField(keyOf(id, field))
    else setField(keyOf(id, field), old, value)
  }
  return {
    row: index.row,
    rows: index.rows,
    write: (id, fields) =>
      doc.transact(() => {
        for (const [field, value] of Object.entries(fields)) writeField(id, field, value)
      }),
    drop: (id) =>
      doc.transact(() => {
        for (const field of index.row(id)?.keys() ?? []) clearField(keyOf(id, field))
      }),
  }
}

interface RowIndex {
  row(id: string): Row | undefined
  rows(): Iterable<readonly [string, Row]>
  fieldCount(): number
  put(key: string, value: unknown): void
}

/**
 * The live fields, grouped: a list of contacts is read from here and not out of the Y.Map each
 * time.
 */
function createRowIndex(): RowIndex {
  const rows = new Map<string, Map<string, FieldValue>>()
  let count = 0
  return {
    row: (id) => rows.get(id),
    rows: () => rows.entries(),
    fieldCount: () => count,
    put: (key, value) => {
      const [id, field] = partsOf(key)
      // Rows are replaced, not changed: whoever was given one keeps what it was given.
      const row = new Map(rows.get(id))
      count -= row.size
      if (isFieldKey(key) && isFieldValue(value)) row.set(field, value)
      else row.delete(field)
      count += row.size
      if (row.size > 0) rows.set(id, row)
      else rows.delete(id)
    },
  }
}

function keyOf(id: string, field: string): string {
  return `${id}/${field}`
}

function partsOf(key: string): readonly [id: string, field: string] {
  const cut = key.lastIndexOf('/')
  return [key.slice(0, cut), key.slice(cut + 1)]
}

function sameValue(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : Object.is(a, b)
}

/** What others would refuse is not written here either (ACC-9). */
function checkField(key: string, value: FieldValue): void {
  if (!isFieldKey(key))
    throw new KithError('ERR_MALFORMED', 'a name that account data does not allow')
  if (!isFieldValue(value))
    throw new KithError('ERR_TOO_LARGE', 'a value too long for account data')
}

function full(): KithError {
  return new KithError('ERR_TOO_LARGE', 'account data is full', {
    hint: 'Remove contacts or stars that are not needed any more.',
  })
}
