import type { FieldValue } from './field-entries.ts'

/** One entry that stands: it was written, and nobody has taken it away. */
export interface Standing {
  /** Who wrote it, and at which place of its list. */
  readonly client: number
  readonly clock: number
  readonly value: FieldValue
}

/** The entries that stand, by key. Several of one key were set concurrently. */
export interface StandingEntries {
  /** The value that counts. */
  value(key: string): FieldValue | undefined
  entries(key: string): readonly Standing[]
  keys(): Iterable<string>
  count(): number
  /** False when it was known. */
  add(key: string, entry: Standing): boolean
  /** False when it was not. */
  remove(key: string, entry: Place): boolean
}

type Place = Pick<Standing, 'client' | 'clock'>

/** No step looks at all entries of a key: a hostile device may write a million of one (C2). */
export function createStanding(): StandingEntries {
  const byKey = new Map<string, Field>()
  let count = 0
  return {
    keys: () => byKey.keys(),
    count: () => count,
    entries: (key) => {
      const { first, others } = byKey.get(key) ?? NO_FIELD
      return [...(first ? [first] : []), ...(others?.values() ?? [])]
    },
    value: (key) => {
      const field = byKey.get(key)
      return field && firstOf(field)?.value
    },
    add: (key, entry) => {
      const field = byKey.get(key)
      if (field === undefined) byKey.set(key, { first: entry, others: undefined })
      else if (!addTo(field, entry)) return false
      count += 1
      return true
    },
    remove: (key, place) => {
      const field = byKey.get(key)
      if (field === undefined || !removeFrom(field, place)) return false
      if (field.first === undefined && field.others === undefined) byKey.delete(key)
      count -= 1
      return true
    },
  }
}

/** The entries of one key: nearly always one. */
interface Field {
  /** The one that counts; undefined until it is looked for, when the one that did was taken away. */
  first: Standing | undefined
  /** By place; undefined when there are none. */
  others: Map<string, Standing> | undefined
}

const NO_FIELD: Field = { first: undefined, others: undefined }

function addTo(field: Field, entry: Standing): boolean {
  const { first, others = new Map<string, Standing>() } = field
  if (isAt(first, entry) || others.has(placeOf(entry))) return false
  const isFirst = first !== undefined && counts(entry, first)
  if (isFirst) field.first = entry
  const other = isFirst ? first : entry
  field.others = others.set(placeOf(other), other)
  return true
}

function removeFrom(field: Field, place: Place): boolean {
  if (isAt(field.first, place)) {
    field.first = undefined
    return true
  }
  if (!field.others?.delete(placeOf(place))) return false
  if (field.others.size === 0) field.others = undefined
  return true
}

/** Looked for when it is asked: after a transaction, not after each of its steps. */
function firstOf(field: Field): Standing | undefined {
  const { first, others } = field
  if (first !== undefined || others === undefined) return first
  let found: Standing | undefined
  for (const other of others.values()) if (!found || counts(other, found)) found = other
  if (found !== undefined) removeFrom(field, found)
  field.first = found
  return found
}

/** Whether `a` counts and not `b`. Any order will do that is the same everywhere; client ids are random. */
function counts(a: Place, b: Place): boolean {
  return a.client > b.client || (a.client === b.client && a.clock > b.clock)
}

function isAt(entry: Standing | undefined, { client, clock }: Place): boolean {
  return entry?.client === client && entry.clock === clock
}

function placeOf({ client, clock }: Place): string {
  return `${client} ${clock}`
}
