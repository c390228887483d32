import { median } from './statistics.ts'

/** How one figure of ours must stand to the same figure of a peer. */
export interface Bar {
  /** The measure of the job that both have. */
  readonly measure: string
  /** Name of the peer, as the job's list of contenders has it, or of one that no run starts yet. */
  readonly against: string
  /** `at most`: ours ÷ theirs may not exceed `ratio`. `at least`: may not fall below it. */
  readonly rule: 'at most' | 'at least'
  readonly ratio: number
  /** What noise alone can do on a machine that others use too: 1.25, or 1.4 where a disk decides. */
  readonly noise: number
  /** Of a peer that no run starts yet: what it measured where the bar was set, for orientation. */
  readonly elsewhere?: string
}

/** How much of one figure ours may have at most, in the unit of its measure. */
export interface Goal {
  readonly measure: string
  readonly most: number
}

/** How ours stands to a bar. `by`: how many times worse than the bar. */
export type Verdict =
  | { readonly kind: 'holds'; readonly ratio: number }
  | { readonly kind: 'within noise'; readonly ratio: number; readonly by: number }
  | { readonly kind: 'misses'; readonly ratio: number; readonly by: number }
  | { readonly kind: 'not measured' }

/** Figures of one contender by round; a round in which it failed has none. */
export type ByRound = readonly (number | undefined)[]

/** Ours ÷ theirs: the median over the rounds in which both ran, so that a slow minute slows both. */
export function pairedRatio(ours: ByRound, theirs: ByRound): number | undefined {
  const ratios = ours.flatMap((value, round) => {
    const other = theirs[round]
    // nothing is not measured finely enough to be a denominator
    return value === undefined || other === undefined || other === 0 ? [] : [value / other]
  })
  return ratios.length === 0 ? undefined : median(ratios)
}

/** Whether the bar holds; `ratio` is {@link pairedRatio}. */
export function judge(bar: Bar, ratio: number | undefined): Verdict {
  if (ratio === undefined) return { kind: 'not measured' }
  const by = bar.rule === 'at most' ? ratio / bar.ratio : bar.ratio / ratio
  if (by <= 1) return { kind: 'holds', ratio }
  return { kind: by <= bar.noise ? 'within noise' : 'misses', ratio, by }
}
