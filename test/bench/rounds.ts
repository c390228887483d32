import type { ByRound } from './bars.ts'
import type { ContenderName } from './contenders/contenders.ts'
import type { Figures, Job, JobOptions } from './jobs/job.ts'

/** What came of one contender's turn. */
export type Turn =
  | { readonly kind: 'ran'; readonly figures: Figures }
  | { readonly kind: 'failed'; readonly reason: string }
  /** It is not on this machine, and was not tried. */
  | { readonly kind: 'missing'; readonly reason: string }

/** A turn, as it is told when it is over. */
export interface TurnTold {
  /** From 1. */
  readonly round: number
  readonly contender: ContenderName
  readonly turn: Turn
}

/** All turns of a job, by contender, in the order of the rounds. */
export type Turns = ReadonlyMap<ContenderName, readonly Turn[]>

/**
 * Runs the contenders in turn, round after round, each time beginning with another of them: what else the machine does
 * meanwhile, and what one leaves behind for the next, falls on all of them.
 */
export async function runRounds(
  job: Job,
  options: JobOptions & { readonly runs: number },
  tell: (told: TurnTold) => void,
): Promise<Turns> {
  const run = await job.prepare(options)
  const turns = new Map<ContenderName, Turn[]>(job.contenders.map((name) => [name, []]))
  for (let round = 0; round < options.runs; round++) {
    for (const contender of inOrder(job.contenders, round)) {
      const missing = await job.missing?.(contender)
      const turn: Turn =
        missing === undefined ? await tried(run(contender)) : { kind: 'missing', reason: missing }
      turns.get(contender)?.push(turn)
      tell({ round: round + 1, contender, turn })
    }
  }
  return turns
}

function tried(figures: Promise<Figures>): Promise<Turn> {
  return figures.then(
    (come): Turn => ({ kind: 'ran', figures: come }),
    (error): Turn => ({ kind: 'failed', reason: String(error?.message ?? error) }),
  )
}

/** The same circle of contenders, begun at another place. */
export function inOrder<T>(all: readonly T[], round: number): readonly T[] {
  const first = all.length === 0 ? 0 : round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

/** One measure of one contender, round by round. */
export function byRound(turns: readonly Turn[] | undefined, measure: string): ByRound {
  return (turns ?? []).map((turn) => (turn.kind === 'ran' ? turn.figures[measure] : undefined))
}
