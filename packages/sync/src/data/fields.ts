import { KithError } from '@kithmesh/protocol'
import type { FieldValue } from './field-entries.ts'
import type { Row } from './row-table.ts'

/** Longest name of a contact or device, in characters: as long as any address book takes. */
export const MAX_NAME_CHARACTERS = 128

/**
 * A text field, `undefined` when it is missing or of another type: a row may come from anybody's
 * bug.
 */
export function textIn(row: Row, field: string): string | undefined {
  const value = row.get(field)
  return typeof value === 'string' ? value : undefined
}

/** A field that holds a time: ms since 1970 UTC. */
export function timeIn(row: Row, field: string): number | undefined {
  const value = row.get(field)
  return isTime(value) ? value : undefined
}

/** A byte field. */
export function bytesIn(row: Row, field: string): Uint8Array | undefined {
  const value = row.get(field)
  return value instanceof Uint8Array ? value : undefined
}

/** Whether a field can be read as a time. */
export function isTime(value: FieldValue | undefined): value is number {
  return typeof value === 'number' && value >= 0
}

/** A name as it may be written: 1 to 128 characters. @throws ERR_MALFORMED, ERR_TOO_LARGE */
export function checkName(name: string): string {
  if (name.length === 0 || !name.isWellFormed())
    throw new KithError('ERR_MALFORMED', 'an empty name')
  if ([...name].length > MAX_NAME_CHARACTERS) {
    throw new KithError('ERR_TOO_LARGE', `a name over ${MAX_NAME_CHARACTERS} characters`)
  }
  return name
}

/** A name as it may be shown: what another device wrote is cut where ours would have refused it. */
export function nameIn(row: Row, field: string): string {
  return [...(textIn(row, field) ?? '')].slice(0, MAX_NAME_CHARACTERS).join('')
}

/** Turns row ids into branded ids, each once: a list of thousands is read often. */
export function idsOf<I extends string>(
  parse: (text: string) => I,
): (text: string) => I | undefined {
  const known = new Map<string, I>()
  return (text) => {
    const id = known.get(text) ?? parsedOrNothing(parse, text)
    if (id !== undefined) known.set(text, id)
    return id
  }
}

function parsedOrNothing<I>(parse: (text: string) => I, text: string): I | undefined {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/** Drops the properties that are `undefined`, which exact optional properties may not hold. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
