/** Public vectors in one form for all algorithms, and what becomes of them on one implementation. */

import { type Aead, isKithError, type Primitives } from '@kithmesh/protocol'

/** Text of a file of vectors, by its name; undefined where the vectors are not. */
export type ReadVectors = (name: string) => Promise<string | undefined>

/** What vectors run on. */
export interface Implementation {
  readonly primitives: Primitives
  /** Under XChaCha20 where that is native, and in lockboxes. */
  readonly chacha20Poly1305: Aead
}

/** One vector: what became of it in a few words, for {@link VectorSet.expected} to count. */
export interface VectorCase {
  readonly name: string
  run(implementation: Implementation): Promise<string> | string
}

/** The vectors of one algorithm. */
export interface VectorSet {
  readonly algorithm: string
  /** Below ../shared/vectors. */
  readonly files: readonly string[]
  /** How many vectors come out how, on every implementation: no vector is left out. */
  readonly expected: Readonly<Record<string, number>>
  /** All vectors of the files, of which there are the texts. */
  cases(...texts: readonly string[]): readonly VectorCase[]
}

/**
 * What became of all vectors of a set, counted. A vector that comes out wrong stands there by its name.
 * Undefined where the vectors are not.
 */
export async function outcomesOf(
  set: VectorSet,
  { on, read }: { readonly on: Implementation; readonly read: ReadVectors },
): Promise<Readonly<Record<string, number>> | undefined> {
  const texts: string[] = []
  for (const file of set.files) {
    const text = await read(file)
    if (text === undefined) return undefined
    texts.push(text)
  }
  const counts: Record<string, number> = {}
  for (const vector of set.cases(...texts)) {
    const outcome = await vector.run(on)
    const told = outcome in set.expected ? outcome : `${vector.name}: ${outcome}`
    counts[told] = (counts[told] ?? 0) + 1
  }
  return counts
}

/** One vector of Wycheproof: what is said of it, and its fields. */
export interface WycheproofVector {
  readonly tcId: number
  readonly result: 'valid' | 'acceptable' | 'invalid'
  readonly [field: string]: unknown
}

/** Every vector of a file of Wycheproof, each with the parameters of its group. */
export function wycheproof(
  text: string,
  run: (
    vector: WycheproofVector,
    group: Readonly<Record<string, unknown>>,
  ) => (implementation: Implementation) => Promise<string>,
): readonly VectorCase[] {
  const file: {
    readonly algorithm: string
    readonly numberOfTests: number
    readonly testGroups: readonly {
      readonly tests: readonly WycheproofVector[]
      readonly [parameter: string]: unknown
    }[]
  } = JSON.parse(text)
  const cases = file.testGroups.flatMap((group) =>
    group.tests.map((vector) => ({
      name: `${file.algorithm} tcId ${vector.tcId}`,
      run: run(vector, group),
    })),
  )
  if (cases.length !== file.numberOfTests) throw new Error(`${file.algorithm}: vectors are missing`)
  return cases
}

/** Bytes of a field in hex. */
export function bytesIn(vector: Readonly<Record<string, unknown>>, field: string): Uint8Array {
  const text = vector[field]
  if (typeof text !== 'string') throw new Error(`no field ${field}`)
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** What is computed, or `refused` where the seam refuses. Every other error is a bug, and fails the test. */
export async function orRefused<T>(compute: () => T | Promise<T>): Promise<T | 'refused'> {
  try {
    return await compute()
  } catch (error) {
    if (isKithError(error, 'ERR_KEY_REFUSED')) return 'refused'
    throw error
  }
}
