/** A process that runs worlds: one request as its argument, one line of JSON for each world. */

import './hooks.ts'

/** What a worker is asked for; the parent of all workers shares the seeds out. */
export interface WorkerRequest {
  readonly seeds: readonly number[]
  readonly wishes: import('./story/plan.ts').Wishes
  readonly only?: readonly number[]
  readonly trace: boolean
  readonly shrink: boolean
}

/** What a worker says of one world. */
export interface Told extends Omit<import('./story/run.ts').RunResult, 'story'> {
  /** Of a world that went wrong. */
  readonly story?: readonly string[]
  /** The steps of the shortest story. */
  readonly only?: readonly number[]
}

// Behind the hooks: what is imported from here on comes through them.
const { planOf, planOfSteps } = await import('./story/plan.ts')
const { runPlan } = await import('./story/run.ts')
const { shrink } = await import('./story/shrink.ts')

const request: WorkerRequest = JSON.parse(process.argv[2] ?? '{}')
/** A long search for the shortest story of each of a thousand failures would help nobody. */
const MAX_SHRUNK = 3
let shrunk = 0
for (const seed of request.seeds) console.log(JSON.stringify(await tell(seed)))
process.exit(0)

async function tell(seed: number): Promise<Told> {
  const whole = planOf(seed, request.wishes)
  const plan = request.only ? planOfSteps(whole, new Set(request.only)) : whole
  const show = request.trace ? (line: string): void => console.error(line) : undefined
  const result = await runPlan(plan, show ? { show } : {})
  const { story, ...told } = result
  if (told.findings.length === 0) return told
  if (!request.shrink || request.trace || shrunk >= MAX_SHRUNK) return { ...told, story }
  shrunk += 1
  const short = await shrink(plan, result)
  return { ...told, findings: short.result.findings, story: short.result.story, only: short.only }
}
