/**
 * Sets of sequence numbers, as sorted, non-overlapping, non-touching ranges (ALOG-9). What a
 * device holds of a log is nearly always one range, so these sets are short and compared by
 * walking both once.
 */

/** The numbers `from`, `from + 1`, … `to`. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Ascending ranges with at least one number missing between two of them: one set has one form. */
export type RangeSet = readonly Range[]

/** The set without numbers. */
export const NO_RANGES: RangeSet = []

/**
 * Whether `ranges` is in the one form of its set, with numbers from 1 on. For what a peer sends.
 */
export function isRangeSet(ranges: readonly Range[]): boolean {
  let last = -1
  return ranges.every(({ from, to }) => {
    const sound = Number.isSafeInteger(to) && from >= 1 && from <= to && from > last + 1
    last = to
    return sound
  })
}

/** The set of some numbers, in any order, repeated or not. */
export function rangesOf(numbers: Iterable<number>): RangeSet {
  const sorted = [...numbers].sort((a, b) => a - b)
  const ranges: { from: number; to: number }[] = []
  for (const number of sorted) {
    const last = ranges.at(-1)
    if (last !== undefined && number <= last.to + 1) last.to = Math.max(last.to, number)
    else ranges.push({ from: number, to: number })
  }
  return ranges
}

/** Numbers of `a`, of `b`, or of both. */
export function unionRanges(a: RangeSet, b: RangeSet): RangeSet {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const union: { from: number; to: number }[] = []
  for (const { from, to } of mergedByStart(a, b)) {
    const last = union.at(-1)
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to)
    else union.push({ from, to })
  }
  return union
}

/** Numbers of `a` that are not in `b`. */
export function differenceRanges(a: RangeSet, b: RangeSet): RangeSet {
  const rest: Range[] = []
  let at = 0
  for (const range of a) {
    let { from } = range
    while (at < b.length && toOf(b, at) < from) at += 1
    for (let next = at; next < b.length && fromOf(b, next) <= range.to; next += 1) {
      if (fromOf(b, next) > from) rest.push({ from, to: fromOf(b, next) - 1 })
      from = toOf(b, next) + 1
    }
    if (from <= range.to) rest.push({ from, to: range.to })
  }
  return rest
}

/** Numbers in both. */
export function intersectRanges(a: RangeSet, b: RangeSet): RangeSet {
  return differenceRanges(a, differenceRanges(a, b))
}

/** How many numbers. */
export function countRanges(ranges: RangeSet): number {
  return ranges.reduce((count, { from, to }) => count + to - from + 1, 0)
}

/** Whether `number` is in the set. */
export function includesNumber(ranges: RangeSet, number: number): boolean {
  return ranges.some(({ from, to }) => from <= number && number <= to)
}

/** Whether every number of `range` is in the set. */
export function includesRange(ranges: RangeSet, range: Range): boolean {
  return ranges.some(({ from, to }) => from <= range.from && range.to <= to)
}

/** The highest number, 0 for the set without numbers. */
export function highestNumber(ranges: RangeSet): number {
  return ranges.at(-1)?.to ?? 0
}

/** The `limit` lowest numbers. */
export function lowestNumbers(ranges: RangeSet, limit: number): RangeSet {
  const taken: Range[] = []
  let left = limit
  for (const { from, to } of ranges) {
    if (left <= 0) break
    const last = Math.min(to, from + left - 1)
    taken.push({ from, to: last })
    left -= last - from + 1
  }
  return taken
}

/** The `limit` highest numbers. */
export function highestNumbers(ranges: RangeSet, limit: number): RangeSet {
  const others = Math.max(0, countRanges(ranges) - limit)
  return differenceRanges(ranges, lowestNumbers(ranges, others))
}

function* mergedByStart(a: RangeSet, b: RangeSet): Iterable<Range> {
  let [inA, inB] = [0, 0]
  while (inA < a.length || inB < b.length) {
    if (inB >= b.length || (inA < a.length && fromOf(a, inA) <= fromOf(b, inB))) {
      yield rangeAt(a, inA++)
    } else {
      yield rangeAt(b, inB++)
    }
  }
}

function rangeAt(ranges: RangeSet, at: number): Range {
  return ranges[at] ?? NO_RANGE
}

function fromOf(ranges: RangeSet, at: number): number {
  return rangeAt(ranges, at).from
}

function toOf(ranges: RangeSet, at: number): number {
  return rangeAt(ranges, at).to
}

/** Stands where an index is out of bounds, which the loops above rule out. */
const NO_RANGE: Range = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY }
