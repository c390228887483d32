/**
 * Algorithms answer at once in Node and later in a page. A commit asks them five times for each entry: a
 * promise for every answer that is there already would take as long as the answers.
 */

import type { MaybePromise } from '@kithmesh/protocol'

/** `use` of a value, at once where it is there. */
export function whenReady<T, R>(
  value: MaybePromise<T>,
  use: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(use) : use(value)
}

/** All of them, at once where they are there. */
export function allReady<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  return areReady(values) ? values : Promise.all(values)
}

function areReady<T>(values: readonly MaybePromise<T>[]): values is readonly T[] {
  return !values.some((value) => value instanceof Promise)
}

/**
 * Lends room for bytes that are put together only to be read: what `use` makes of them is kept, they are
 * wiped. Whoever answers later keeps the room, and the next one gets another.
 */
export function withScratch<R>(
  length: number,
  use: (scratch: Uint8Array) => MaybePromise<R>,
): MaybePromise<R> {
  const room = kept.length < length ? new Uint8Array(Math.max(length, USUAL_BYTES)) : kept
  kept = NO_ROOM
  const scratch = room.subarray(0, length)
  let isInUse = false
  try {
    const result = use(scratch)
    isInUse = result instanceof Promise
    return result instanceof Promise ? result.finally(() => scratch.fill(0)) : result
  } finally {
    if (!isInUse) {
      scratch.fill(0)
      if (room.length <= MAX_KEPT_BYTES) kept = room
    }
  }
}

const NO_ROOM = new Uint8Array()
/** Most values with their keys. */
const USUAL_BYTES = 4 * 1024
const MAX_KEPT_BYTES = 64 * 1024

let kept = NO_ROOM
