import { KithError } from '@kithmesh/protocol'
import { type FieldValue, isFieldKey, isFieldValue, sameValue } from './field-entries.ts'
import type { FieldList } from './field-list.ts'

/** The fields of one row by name. */
export type Row = ReadonlyMap<string, FieldValue>

/**
 * Rows of named fields. A field is a key of its own, `<table>/<row id>/<field>`, instead of one
 * value for each row: so concurrent edits of different fields always merge, also when two devices
 * make the same row at the same time (ACC-2).
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

/** Opens the rows of the table `name`; `changed` gets each row that changed as it was before. */
export function openRowTable(fields: FieldList, name: string, changed: RowsChanged): RowTable {
  const index = createRowIndex()
  /** Rows as they were before the transaction that is going on. */
  const before = new Map<string, Row | undefined>()
  const reindex = (key: string): void => {
    const [id, field] = partsOf(key.slice(name.length + 1))
    if (!before.has(id)) before.set(id, index.row(id))
    index.put(id, field, fields.get(key))
  }
  let isOpen = false
  const settled = (): void => {
    const rows = new Map(before)
    before.clear()
    if (isOpen && rows.size > 0) changed(rows)
  }
  fields.observe(name, { changed: reindex, settled })
  isOpen = true

  const writeField = (id: string, field: string, value: FieldValue | undefined): void => {
    const key = `${name}/${id}/${field}`
    const old = index.row(id)?.get(field)
    if (sameValue(old, value)) return
    if (value !== undefined) {
      checkField(key, value)
      if (old === undefined && index.fieldCount() >= MAX_FIELDS) throw full()
    }
    fields.set(key, value)
  }
  return {
    row: index.row,
    rows: index.rows,
    write: (id, values) =>
      fields.batch(() => {
        for (const [field, value] of Object.entries(values)) writeField(id, field, value)
      }),
    drop: (id) =>
      fields.batch(() => {
        for (const field of index.row(id)?.keys() ?? []) writeField(id, field, undefined)
      }),
  }
}

interface RowIndex {
  row(id: string): Row | undefined
  rows(): Iterable<readonly [string, Row]>
  fieldCount(): number
  put(id: string, field: string, value: FieldValue | undefined): void
}

/** The fields that stand, grouped by row. */
function createRowIndex(): RowIndex {
  const rows = new Map<string, Map<string, FieldValue>>()
  let count = 0
  return {
    row: (id) => rows.get(id),
    rows: () => rows.entries(),
    fieldCount: () => count,
    put: (id, field, value) => {
      // Rows are replaced, not changed: whoever was given one keeps what it was given.
      const row = new Map(rows.get(id))
      count -= row.size
      if (value === undefined) row.delete(field)
      else row.set(field, value)
      count += row.size
      if (row.size > 0) rows.set(id, row)
      else rows.delete(id)
    },
  }
}

function partsOf(key: string): readonly [id: string, field: string] {
  const cut = key.lastIndexOf('/')
  return [key.slice(0, cut), key.slice(cut + 1)]
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
