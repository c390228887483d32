/** Runs many histories through every check, and says what was tried and what did not hold. */

import { checkAll } from './checks.ts'
import { historyOf } from './history.ts'

/** What a run came to. */
export interface ModelRun {
  readonly histories: number
  readonly seed: number
  readonly entries: number
  readonly forked: number
  readonly recovered: number
  readonly held: number
  /** How often each check was made. */
  readonly tried: ReadonlyMap<string, number>
  /** The seeds of the histories in which a check did not hold. */
  readonly broken: ReadonlyMap<string, readonly number[]>
}

export function runModel({
  histories,
  seed,
}: {
  readonly histories: number
  readonly seed: number
}): ModelRun {
  const tried = new Map<string, number>()
  const broken = new Map<string, number[]>()
  const run = { histories, seed, entries: 0, forked: 0, recovered: 0, held: 0, tried, broken }
  for (let at = seed; at < seed + histories; at++) {
    const history = historyOf(at)
    const { state } = checkAll(history, (name, held) => {
      tried.set(name, (tried.get(name) ?? 0) + 1)
      if (!held) broken.set(name, [...(broken.get(name) ?? []), at])
    })
    run.entries += history.entries.length
    run.forked += state.forks.length > 0 ? 1 : 0
    run.recovered += state.recoveries > 0 ? 1 : 0
    run.held += [...state.devices.values()].some((its) => its.state === 'held') ? 1 : 0
  }
  return run
}

/** Prints what a run tried, and how to run it again. */
export function tell({ seed, histories, entries, tried, ...counts }: ModelRun): void {
  const some = Object.entries(counts).filter(([, count]) => typeof count === 'number')
  console.log(
    `KITH_LOG_SEED=${seed} KITH_LOG_HISTORIES=${histories}: ${entries} entries;`,
    some.map(([name, count]) => `${count} ${name}`).join(', '),
    [...tried].map(([name, count]) => `\n  ${name} ${count}`).join(''),
  )
}
