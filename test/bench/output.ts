import type { Job } from './jobs/job.ts'
import type { MachineFacts } from './machine.ts'
import { headText, jobText, type Outcome } from './report.ts'
import type { TurnTold } from './rounds.ts'

/** What a run prints on stdout; what it does meanwhile goes to stderr. */
export interface Output {
  machine(facts: MachineFacts, runs: number): void
  turn(job: Job, told: TurnTold): void
  outcome(job: Job, outcome: Outcome): void
  done(): void
}

/** For people. */
export const textOutput: Output = {
  machine: (facts, runs) => console.log(headText(facts, runs)),
  turn: () => undefined,
  outcome: (job, outcome) => console.log(`\n${jobText(job, outcome)}`),
  done: () => undefined,
}

/** For programs: one object per line. */
export const jsonOutput: Output = {
  machine: (facts, runs) => line({ event: 'machine', ...facts, runs }),
  turn: (job, { round, contender, turn }) =>
    line({ event: 'turn', job: job.name, round, contender, ...turn }),
  outcome: (job, { figures, bars, goals }) => {
    for (const figure of figures) line({ event: 'figure', job: job.name, ...figure })
    for (const { bar, verdict } of bars) line({ event: 'bar', job: job.name, bar, verdict })
    for (const { goal, reached } of goals) line({ event: 'goal', job: job.name, goal, reached })
  },
  done: () => line({ event: 'done' }),
}

function line(object: object): void {
  console.log(JSON.stringify(object))
}
