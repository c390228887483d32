/**
 * Checks files of vectors against this implementation: each case is run, and what comes out is compared
 * value by value. Runs wherever the protocol does.
 */

import { isKithError, type Primitives } from '../../src/index.ts'
import { fromHex, isList, isObject, type Json, type JsonObject, textsIn } from './json.ts'
import { listedRng, type Operations, type Tools } from './operation.ts'
import type { Outcome, VectorCase, VectorFile } from './vector-file.ts'

/** What a check found. */
export interface Checked {
  readonly cases: number
  /** Values that came out as they stand in the file. */
  readonly values: number
  /** Paths in the file (RFC 6901) where something else came out. */
  readonly differences: readonly string[]
}

/** What vectors are checked against. */
export interface Implementation {
  readonly operations: Operations
  readonly primitives: Primitives
  /** It need not know every operation, every value or every refusal: only what it says is compared. */
  readonly isPartial?: boolean
}

/** What an implementation makes of every case of a file. */
export async function checkVectors(
  file: VectorFile,
  implementation: Implementation,
): Promise<Checked> {
  const found: Checked[] = []
  for (const [groupAt, { cases }] of file.groups.entries()) {
    for (const [at, one] of cases.entries()) {
      if (isLeftOut(one, implementation)) continue
      const path = `/groups/${groupAt}/cases/${at}`
      found.push(await checkCase(one, { path, ...implementation }))
    }
  }
  return {
    cases: found.length,
    values: found.reduce((sum, { values }) => sum + values, 0),
    differences: found.flatMap(({ differences }) => differences),
  }
}

async function checkCase(
  one: VectorCase,
  parts: Implementation & { readonly path: string },
): Promise<Checked> {
  const { path, operations, primitives, isPartial = false } = parts
  const listed = listedTools(primitives)
  let actual: Outcome
  try {
    actual = await outcomeOf(one, operations, listed.tools)
  } catch (error) {
    return { cases: 1, values: 0, differences: [`${path}/in: ${String(error)}`] }
  }
  const compared = compare(jsonOf(one.expected), jsonOf(actual), { path, isPartial })
  const unused =
    isPartial || listed.rest() === 0 ? [] : [`${path}/in: more randomness than is drawn`]
  return { cases: 1, ...compared, differences: [...compared.differences, ...unused] }
}

/** Runs one case. @throws Error when its input cannot be read, or draws other randomness than it lists */
export async function outcomeOf(
  { operation, in: input }: Pick<VectorCase, 'operation' | 'in'>,
  operations: Operations,
  tools: Tools,
): Promise<Outcome> {
  const run = operations[operation]
  if (run === undefined) throw new Error(`no operation ${operation}`)
  try {
    return { kind: 'out', out: await run(input, tools) }
  } catch (error) {
    if (isKithError(error)) return { kind: 'refused', error: error.code }
    throw error
  }
}

function isLeftOut(one: VectorCase, { operations, isPartial }: Implementation): boolean {
  const isKnown = operations[one.operation] !== undefined && one.expected.kind === 'out'
  return isPartial === true && !isKnown
}

function listedTools(primitives: Primitives): { readonly tools: Tools; rest(): number } {
  const used: { rest(): number }[] = []
  const rngFor = (step: JsonObject) => {
    const texts = step['randomness'] === undefined ? [] : textsIn(step, 'randomness')
    const rng = listedRng(texts.map(fromHex))
    used.push(rng)
    return rng
  }
  return {
    tools: { primitives, rngFor },
    rest: () => used.reduce((sum, rng) => sum + rng.rest(), 0),
  }
}

function jsonOf(outcome: Outcome): JsonObject {
  return outcome.kind === 'out' ? { out: outcome.out } : { error: outcome.error }
}

type Compared = Pick<Checked, 'values' | 'differences'>

interface Place {
  readonly path: string
  readonly isPartial: boolean
}

/** Both must have the same names and values. */
function compare(expected: Json | undefined, actual: Json | undefined, place: Place): Compared {
  const { path, isPartial } = place
  const pairs = pairsOf(expected, actual)
  if (pairs === undefined) {
    return expected === actual ? { values: 1, differences: [] } : { values: 0, differences: [path] }
  }
  const parts = pairs
    .filter(([, , said]) => said !== undefined || !isPartial)
    .map(([name, a, b]) => compare(a, b, { isPartial, path: `${path}/${name}` }))
  return {
    values: parts.reduce((sum, { values }) => sum + values, 0),
    differences: parts.flatMap(({ differences }) => differences),
  }
}

type Pair = readonly [name: string, expected: Json | undefined, actual: Json | undefined]

function pairsOf(expected: Json | undefined, actual: Json | undefined): Pair[] | undefined {
  if (isList(expected) && isList(actual)) {
    const length = Math.max(expected.length, actual.length)
    return Array.from({ length }, (_, at) => [String(at), expected[at], actual[at]] as const)
  }
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return [...names].map((name) => [name, expected[name], actual[name]] as const)
  }
  return undefined
}
