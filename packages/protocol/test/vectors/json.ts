/** JSON of vectors, read strictly: a field that is missing or of another type is a fault of the file. */

/** Whatever JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** Named values; bytes stand in hex, ids in their text. */
export interface JsonObject {
  [name: string]: Json
}

/** Whether it has names. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text of that name. @throws Error when there is none */
export function textIn(object: JsonObject, name: string): string {
  const value = object[name]
  if (typeof value === 'string') return value
  throw new Error(`${name}: text expected`)
}

/** The number of that name. @throws Error when there is none */
export function numberIn(object: JsonObject, name: string): number {
  const value = object[name]
  if (typeof value === 'number') return value
  throw new Error(`${name}: a number expected`)
}

/** The bytes of that name. @throws Error when there is no hex */
export function bytesIn(object: JsonObject, name: string): Uint8Array {
  return fromHex(textIn(object, name))
}

/** The object of that name. @throws Error when there is none */
export function objectIn(object: JsonObject, name: string): JsonObject {
  const value = object[name]
  if (isObject(value)) return value
  throw new Error(`${name}: an object expected`)
}

function listIn(object: JsonObject, name: string): readonly Json[] {
  const value = object[name]
  if (isList(value)) return value
  throw new Error(`${name}: a list expected`)
}

/** The list of objects of that name. @throws Error when there is none */
export function objectsIn(object: JsonObject, name: string): readonly JsonObject[] {
  return listIn(object, name).map((item) => {
    if (isObject(item)) return item
    throw new Error(`${name}: a list of objects expected`)
  })
}

/** The list of texts of that name. @throws Error when there is none */
export function textsIn(object: JsonObject, name: string): readonly string[] {
  return listIn(object, name).map((item) => {
    if (typeof item === 'string') return item
    throw new Error(`${name}: a list of texts expected`)
  })
}

/** Array.isArray alone takes readonly lists for something else. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** Bytes as they stand in the files. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Bytes of a text. @throws Error when it is anything but lower-case hex */
export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error('lower-case hex expected')
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** A value of the protocol as JSON: bytes in hex, what is missing left out. */
function jsonFrom(value: unknown): Json {
  if (value instanceof Uint8Array) return toHex(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value
  }
  if (Array.isArray(value)) return value.map(jsonFrom)
  if (typeof value === 'object' && value !== null) return objectFrom(value)
  throw new Error('no value of the protocol')
}

/** The same for a record. */
export function objectFrom(value: object): JsonObject {
  const present = Object.entries(value).filter(([, part]) => part !== undefined)
  return Object.fromEntries(present.map(([name, part]) => [name, jsonFrom(part)]))
}
