/** The middle value; of an even number the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const sorted = sort(values)
  const upper = at(sorted, Math.floor(sorted.length / 2))
  return sorted.length % 2 === 1 ? upper : (at(sorted, sorted.length / 2 - 1) + upper) / 2
}

/**
 * The smallest value that at least `fraction` of all values do not exceed (nearest rank): always a value that was
 * measured, never one between two. @throws RangeError without values
 */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = sort(values)
  // 0.99 × 100 is 99.00000000000001 in binary floating point and must not become rank 100.
  const rank = Math.ceil(Number((fraction * sorted.length).toPrecision(12)))
  return at(sorted, Math.min(Math.max(rank, 1), sorted.length) - 1)
}

/** What is told of the values of all rounds. */
export interface Summary {
  readonly n: number
  readonly min: number
  readonly median: number
  readonly max: number
}

/** @throws RangeError without values */
export function summarize(values: readonly number[]): Summary {
  return {
    n: values.length,
    min: percentile(values, 0),
    median: median(values),
    max: percentile(values, 1),
  }
}

function sort(values: readonly number[]): readonly number[] {
  if (values.length === 0 || values.some(Number.isNaN)) {
    throw new RangeError('statistics need at least one number, and only numbers')
  }
  return values.toSorted((a, b) => a - b)
}

function at(values: readonly number[], index: number): number {
  const value = values[index]
  if (value === undefined) throw new RangeError(`no value at ${index}`)
  return value
}
