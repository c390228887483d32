/** How a file of vectors stands in JSON. */

import {
  isObject,
  type Json,
  type JsonObject,
  objectIn,
  objectsIn,
  textIn,
  textsIn,
} from './json.ts'

/** Version of the form of the files; a file of another one is not read. */
const VECTORS_VERSION = 1

/** One call of an operation: what goes in, and what must come out. */
export interface VectorCase {
  readonly name: string
  /** Which operation; docs/vectors/README.md says what each of them is. */
  readonly operation: string
  readonly in: JsonObject
  readonly expected: Outcome
}

/** What a case comes to. */
export type Outcome =
  | { readonly kind: 'out'; readonly out: JsonObject }
  /** The stable code it is refused with. */
  | { readonly kind: 'refused'; readonly error: string }

/** Cases about the same thing. */
export interface VectorGroup {
  readonly name: string
  /** Rules of docs/spec the cases are about. */
  readonly rules: readonly string[]
  readonly cases: readonly VectorCase[]
}

/** A file, as the checker knows it. */
export interface VectorFile {
  readonly about: string
  readonly groups: readonly VectorGroup[]
}

/** @throws Error when the text is no file of vectors of this version */
export function parseVectorFile(text: string): VectorFile {
  const file: Json = JSON.parse(text)
  if (!isObject(file)) throw new Error('an object expected')
  if (file['version'] !== VECTORS_VERSION) throw new Error('vectors of another version')
  return { about: textIn(file, 'about'), groups: objectsIn(file, 'groups').map(parseGroup) }
}

function parseGroup(group: JsonObject): VectorGroup {
  return {
    name: textIn(group, 'name'),
    rules: textsIn(group, 'rules'),
    cases: objectsIn(group, 'cases').map(parseCase),
  }
}

function parseCase(one: JsonObject): VectorCase {
  const expected: Outcome =
    one['error'] === undefined
      ? { kind: 'out', out: objectIn(one, 'out') }
      : { kind: 'refused', error: textIn(one, 'error') }
  return {
    name: textIn(one, 'name'),
    operation: textIn(one, 'operation'),
    in: objectIn(one, 'in'),
    expected,
  }
}

/** The text of a file; the same for the same vectors. */
export function formatVectorFile({ about, groups }: VectorFile): string {
  const file: JsonObject = {
    version: VECTORS_VERSION,
    about,
    groups: groups.map(({ name, rules, cases }) => ({ name, rules, cases: cases.map(caseJson) })),
  }
  return `${JSON.stringify(file, null, 1)}\n`
}

function caseJson({ name, operation, in: input, expected }: VectorCase): JsonObject {
  const outcome: JsonObject =
    expected.kind === 'out' ? { out: expected.out } : { error: expected.error }
  return { name, operation, in: input, ...outcome }
}
