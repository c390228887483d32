import { equalBytes } from '@kithmesh/protocol'

/** What stands in one field: one value, replaced as a whole. */
export type FieldValue = string | number | boolean | Uint8Array

/** A field and its value, as one element of a writer's list (ACC-9). */
export type Entry = readonly [key: string, value: FieldValue]

/** Longest text in one field, in UTF-16 units. */
const MAX_FIELD_TEXT = 4096
/** Longest byte string in one field. */
const MAX_FIELD_BYTES = 65_536

const FIELD_KEY = /^[a-z]{1,32}\/[A-Za-z0-9.~-]{1,96}\/[A-Za-z0-9]{1,32}$/

/**
 * Whether a key may stand in account data: `<table>/<row id>/<field>`, no part named as a property
 * of objects (C4).
 */
export function isFieldKey(key: unknown): key is string {
  return (
    typeof key === 'string' &&
    FIELD_KEY.test(key) &&
    key.split('/').every((part) => !(part in Object.prototype))
  )
}

/** Whether a value may stand in a field: one scalar or byte string, nothing that nests. */
export function isFieldValue(value: unknown): value is FieldValue {
  if (typeof value === 'string') return value.length <= MAX_FIELD_TEXT && value.isWellFormed()
  if (value instanceof Uint8Array) return value.length <= MAX_FIELD_BYTES
  return typeof value === 'boolean' || Number.isFinite(value)
}

/** Whether an element of a list is an entry. */
export function isEntry(element: unknown): element is Entry {
  if (!Array.isArray(element) || element.length !== 2) return false
  const [key, value]: readonly unknown[] = element
  return isFieldKey(key) && isFieldValue(value)
}

/** Whether two values are the same; bytes by what is in them. */
export function sameValue(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : Object.is(a, b)
}

/** The table of a key. */
export function tableOf(key: string): string {
  return key.slice(0, key.indexOf('/'))
}

/** Name of the root under which a writer keeps its list: `w` and the client id to base 36. */
export function rootOf(client: number): string {
  return `w${client.toString(36)}`
}
