import {
  countRanges,
  differenceRanges,
  type Range,
  type RangeSet,
  unionRanges,
} from '@kithmesh/sync'

/** Runs of numbers kept as final or as history for one author; of more the lowest are taken together. */
export const MAX_CLOSED_RANGES = 64

/** What is kept of an author's numbers in a chat beside the contents themselves. */
export interface AuthorCount {
  /** From 1 to here every number is here or closed: at the next start nobody reads further back. */
  readonly settled: number
  /** The lowest number written since this device was linked, 0 while there is none. */
  readonly first: number
  /** Written before this device was linked, as the author's account says: history, and no hole (DEL-60). */
  readonly past: RangeSet
  /** Not there any more, as the author's account says: final (DEL-63). */
  readonly gone: RangeSet
}

/** The numbers of one author device in one chat. */
export interface AuthorNumbers extends AuthorCount {
  /** Contents that are here, with all up to `settled`. */
  readonly held: RangeSet
  /**
   * Whether all this author ever wrote in the chat was meant for this device, too: both came together after
   * this device was linked. Of others what came before `first` may be history (DEL-60).
   */
  readonly isWhole: boolean
}

/** An author of whom nothing is here. */
export const NO_COUNT: AuthorCount = { settled: 0, first: 0, past: [], gone: [] }

/** Takes in a content. `isOld`: it was written before this device was linked. */
export function withNumber(
  numbers: AuthorNumbers,
  { number, isOld }: { readonly number: number; readonly isOld: boolean },
): AuthorNumbers {
  const { first } = numbers
  const one = [{ from: number, to: number }]
  return settledOf({
    ...numbers,
    held: unionRanges(numbers.held, one),
    first: isOld ? first : Math.min(number, first || number),
    // It was there after all.
    gone: differenceRanges(numbers.gone, one),
  })
}

/** Takes in what the author's account says of numbers that are not here. */
export function withClosed(
  numbers: AuthorNumbers,
  closed: { readonly past?: RangeSet; readonly gone?: RangeSet },
): AuthorNumbers {
  return settledOf({
    ...numbers,
    past: atMost(unionRanges(numbers.past, closed.past ?? [])),
    gone: atMost(unionRanges(numbers.gone, closed.gone ?? [])),
  })
}

/** Numbers that are neither here nor closed, below the highest that is here. */
export function openNumbers(numbers: AuthorNumbers): RangeSet {
  const highest = numbers.held.at(-1)?.to ?? 0
  return differenceRanges(upTo(highest), closedAndHeld(numbers))
}

/** Of those the ones that are surely missing: what may be history is asked for, and not shown. */
export function missingNumbers(numbers: AuthorNumbers): RangeSet {
  return sinceLinking(numbers, openNumbers(numbers))
}

/** Numbers that are final, and would be here if they still were anywhere. */
export function goneNumbers(numbers: AuthorNumbers): RangeSet {
  return sinceLinking(numbers, differenceRanges(numbers.gone, numbers.held))
}

function sinceLinking({ isWhole, first }: AuthorNumbers, ranges: RangeSet): RangeSet {
  if (isWhole) return ranges
  return first === 0 ? [] : differenceRanges(ranges, upTo(first - 1))
}

function settledOf(numbers: AuthorNumbers): AuthorNumbers {
  const [lowest] = closedAndHeld(numbers)
  const settled = lowest?.from === 1 ? lowest.to : 0
  return { ...numbers, settled: Math.max(numbers.settled, settled) }
}

function closedAndHeld({ held, past, gone, settled }: AuthorNumbers): RangeSet {
  return unionRanges(unionRanges(held, upTo(settled)), unionRanges(past, gone))
}

function upTo(number: number): RangeSet {
  return number < 1 ? [] : [{ from: 1, to: number }]
}

/** The newest stand as they are: an honest author never has so many. */
function atMost(ranges: RangeSet): RangeSet {
  if (ranges.length <= MAX_CLOSED_RANGES) return ranges
  const newest = ranges.slice(1 - MAX_CLOSED_RANGES)
  const oldest = ranges.slice(0, 1 - MAX_CLOSED_RANGES)
  return [{ from: oldest[0]?.from ?? 1, to: oldest.at(-1)?.to ?? 1 }, ...newest]
}

/** Up to `limit` ranges, and of those up to `numbers` numbers, the lowest first. */
export function lowestOf(
  ranges: RangeSet,
  { limit, numbers }: { readonly limit: number; readonly numbers: number },
): RangeSet {
  const taken: Range[] = []
  for (const { from, to } of ranges.slice(0, limit)) {
    const left = numbers - countRanges(taken)
    if (left > 0) taken.push({ from, to: Math.min(to, from + left - 1) })
  }
  return taken
}
