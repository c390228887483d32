/** The shortest story that still goes wrong: steps are left out for as long as it does (Zeller's ddmin). */

import { type Plan, planOfSteps } from './plan.ts'
import { type RunResult, runPlan } from './run.ts'

/** Runs that are spent on one story at most. */
const MAX_RUNS = 150

/** A run that goes wrong as another one did, with fewer steps. */
export interface Shrunk {
  readonly result: RunResult
  /** Numbers of the steps that are left. */
  readonly only: readonly number[]
}

/** Leaves out of `plan` what its first finding does not need. */
export async function shrink(plan: Plan, failed: RunResult): Promise<Shrunk> {
  const wanted = failed.findings[0]?.invariant
  let best: Shrunk = { result: failed, only: plan.steps.map(({ number }) => number) }
  let runs = 0

  async function tryWith(only: readonly number[]): Promise<boolean> {
    if (runs >= MAX_RUNS) return false
    runs += 1
    const result = await runPlan(planOfSteps(plan, new Set(only)))
    if (!result.findings.some(({ invariant }) => invariant === wanted)) return false
    best = { result, only }
    return true
  }

  for (let size = Math.ceil(best.only.length / 2); size >= 1; ) {
    let isShorter = false
    for (let from = 0; from < best.only.length; ) {
      const rest = [...best.only.slice(0, from), ...best.only.slice(from + size)]
      if (await tryWith(rest)) isShorter = true
      else from += size
    }
    if (size === 1 && !isShorter) break
    size = isShorter ? Math.min(size, Math.ceil(best.only.length / 2)) : Math.floor(size / 2)
    if (runs >= MAX_RUNS) break
  }
  return best
}
