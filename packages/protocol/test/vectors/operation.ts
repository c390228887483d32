/** What an implementation can do, as a function from JSON to JSON: the unit vectors are made of. */

import type { Primitives, Rng, SessionEnvironment } from '../../src/index.ts'
import { type JsonObject, numberIn } from './json.ts'

/** What operations use besides their input. */
export interface Tools {
  readonly primitives: Primitives
  /**
   * Draws the bytes listed in `randomness` of this part of the input, in order. (When vectors are written,
   * it is the list that is made from what is drawn.)
   */
  rngFor(step: JsonObject): Rng
}

/** @throws KithError where the input is to be refused */
export type Operation = (input: JsonObject, tools: Tools) => Promise<JsonObject> | JsonObject

/** Operations by their name in the files. */
export type Operations = Readonly<Record<string, Operation>>

/** Randomness and clock as a step of the input has them. */
export function environmentFor(step: JsonObject, tools: Tools): SessionEnvironment {
  return {
    primitives: tools.primitives,
    rng: tools.rngFor(step),
    clock: { now: () => numberIn(step, 'now'), monotonic: () => 0 },
  }
}

/** The same randomness, and a note of what was drawn. */
export function noted(rng: Rng): { readonly rng: Rng; readonly drawn: readonly Uint8Array[] } {
  const drawn: Uint8Array[] = []
  return {
    drawn,
    rng: {
      bytes: (length) => {
        const bytes = rng.bytes(length)
        drawn.push(bytes)
        return bytes
      },
    },
  }
}

/** Draws these bytes, one entry for each call. @throws Error when another length is asked for, or too much */
export function listedRng(listed: readonly Uint8Array[]): Rng & { rest(): number } {
  let next = 0
  return {
    bytes: (length) => {
      const bytes = listed[next]
      if (bytes?.length !== length) throw new Error(`randomness: ${length} bytes expected`)
      next += 1
      return bytes
    },
    rest: () => listed.length - next,
  }
}
