/** Writing vectors: inputs come from here, what comes out is computed, and what is refused is expected. */

import { noblePrimitives, type Rng } from '../../src/index.ts'
import { createSeededRng } from '../session-cast.ts'
import { outcomeOf } from './check.ts'
import { type Json, type JsonObject, toHex } from './json.ts'
import type { Tools } from './operation.ts'
import { ownOperations } from './operations.ts'
import type { VectorCase } from './vector-file.ts'

/** Makes the cases of one file; the same ones whenever it is asked in the same order. */
export interface Author {
  /** A case that comes out. */
  makes(name: string, operation: string, input: JsonObject): Promise<VectorCase>
  /** A case that must be refused with this code. @throws Error when it is not */
  refuses(name: string, operation: string, input: JsonObject, error: string): Promise<VectorCase>
  /** So many bytes of nothing in particular, in hex. */
  hex(length: number): string
}

/** The author of one file; `seed` is its name. */
export function createAuthor(seed: string): Author {
  const filler = createSeededRng(`vectors/${seed}`)
  const make = async (name: string, operation: string, input: JsonObject): Promise<VectorCase> => {
    // What is drawn is written into the input, so it must not be shared.
    const own = structuredClone(input)
    // Each case draws from a seed of its own, so that a new one changes none of the others.
    const tools = notingTools(createSeededRng(`vectors/${seed}/${operation}/${name}`))
    const expected = await outcomeOf({ operation, in: own }, ownOperations, tools)
    return { name, operation, in: own, expected }
  }
  return {
    makes: async (name, operation, input) => {
      const made = await make(name, operation, input)
      outOf(made)
      return made
    },
    refuses: async (name, operation, input, error) => {
      const made = await make(name, operation, input)
      if (made.expected.kind === 'refused' && made.expected.error === error) return made
      throw new Error(`${name}: ${error} expected, not ${JSON.stringify(made.expected)}`)
    },
    hex: (length) => toHex(filler.bytes(length)),
  }
}

/** What came out of a case, for the inputs of others. @throws Error when it was refused */
export function outOf({ name, expected }: VectorCase): JsonObject {
  if (expected.kind === 'out') return expected.out
  throw new Error(`${name}: refused with ${expected.error}`)
}

/** Writes down in `randomness` what is drawn, for every part of the input that draws. */
function notingTools(rng: Rng): Tools {
  return {
    primitives: noblePrimitives,
    rngFor: (step) => {
      const drawn: Json[] = []
      return {
        bytes: (length) => {
          const bytes = rng.bytes(length)
          drawn.push(toHex(bytes))
          step['randomness'] = [...drawn]
          return bytes
        },
      }
    },
  }
}
