/** One run: the plan is carried out, everybody comes together, and the invariants are checked. */

import { forgetDevice } from '../ground/device.ts'
import { createTrace } from '../ground/trace.ts'
import { begin, probe } from './deeds.ts'
import { type Finding, INVARIANTS } from './invariant-names.ts'
import { check } from './invariants.ts'
import type { Plan } from './plan.ts'
import { type Stage, setStage } from './stage.ts'

const PROMPT = INVARIANTS[11]

/** What a run came to. */
export interface RunResult {
  readonly seed: number
  /** The same for the same plan and the same sources. */
  readonly trace: string
  readonly findings: readonly Finding[]
  readonly story: readonly string[]
  readonly counts: Counts
}

/** What a run consisted of. */
export interface Counts {
  readonly devices: number
  /** Messages that were accepted for delivery. */
  readonly messages: number
  /** Timers, frames and writes. */
  readonly events: number
  /** Ms of the world. */
  readonly simulated: number
  /** How often each kind of thing was done. */
  readonly deeds: Readonly<Record<string, number>>
}

/** How a run is watched. */
export interface RunOptions {
  /** Gets each line as it happens. */
  readonly show?: (line: string) => void
}

/**
 * Waits for quiet: a retry comes within 10 s, a refused message within the hour (DEL-21). The next one is
 * waited only if something does not hold yet.
 */
const WAITS_MS = [60_000, 10 * 60_000, 3 * 3_600_000]
/** Before a last message is written in each account, which has a minute to come everywhere (SIM-10). */
const QUIET_MS = 30_000
/** Longest time the answer to a call or a check may take. */
const PATIENCE_MS = 10 * 60_000

/** Runs a plan. Throws only when the simulator itself is wrong. */
export async function runPlan(plan: Plan, { show }: RunOptions = {}): Promise<RunResult> {
  const failed: string[] = []
  const onFailure = (error: unknown): void => void failed.push(String(error))
  process.on('unhandledRejection', onFailure)
  process.on('uncaughtException', onFailure)
  try {
    const trace = createTrace()
    const stage = await setStage(plan, { trace, show })
    const { time } = stage.ground
    const began = time.now()
    for (const { at, deed } of plan.steps) {
      await time.run(began + at)
      begin(stage, deed)
    }
    await time.run(began + plan.lasts)
    await comeTogether(stage)
    const findings = await settle(stage, failed)
    // Rejections that nobody took are told only once the queue of ticks is empty.
    await new Promise(setImmediate)
    const counts: Counts = {
      devices: stage.actors.length,
      messages: stage.sent.filter(({ state }) => state === 'accepted').length,
      events: time.steps(),
      simulated: time.now() - began,
      deeds: countsOf(plan.steps.map(({ deed }) => deed.do)),
    }
    const result = {
      seed: plan.seed,
      trace: trace.hash(),
      findings: [
        ...findings,
        ...stage.broken,
        ...failed.map((how) => ({ invariant: INVARIANTS[0], how })),
      ],
      story: stage.story,
      counts,
    }
    for (const actor of stage.actors) forgetDevice(actor)
    await new Promise(setImmediate)
    return result
  } finally {
    process.off('unhandledRejection', onFailure)
    process.off('uncaughtException', onFailure)
  }
}

/** The end of all disturbance: everybody is on, disks have room, and the network is whole. */
async function comeTogether(stage: Stage): Promise<void> {
  const { time, network } = stage.ground
  stage.tell('from here on nothing disturbs')
  network.heal()
  stage.calm()
  for (const actor of stage.actors) actor.isFull = false
  await time.run(time.now() + 30_000)
  const off = stage.actors.filter((actor) => actor.run === undefined && !actor.isGone)
  await time.settle(Promise.all(off.map((actor) => stage.start(actor))), PATIENCE_MS)
}

async function settle(stage: Stage, failed: readonly string[]): Promise<readonly Finding[]> {
  const { time } = stage.ground
  await time.run(time.now() + QUIET_MS)
  for (const account of stage.accounts.keys()) {
    const writer = stage.actors.find((one) => one.account === account && one.node?.account)
    if (writer) probe(stage, writer)
  }
  let findings: readonly Finding[] = []
  for (const wait of WAITS_MS) {
    await time.run(time.now() + wait)
    try {
      findings = await time.settle(check(stage), PATIENCE_MS)
    } catch (error) {
      findings = [{ invariant: INVARIANTS[0], how: `a call fails: ${String(error)}` }]
    }
    if (wait === WAITS_MS[0]) noteLate(stage, findings)
    const isDecided = failed.length > 0 || stage.broken.length > 0
    if (findings.length === 0 || isDecided) break
  }
  const hanging = [...stage.calls].filter(({ since }) => time.now() - since > PATIENCE_MS / 10)
  return [
    ...findings,
    ...hanging.map(({ what }) => ({ invariant: INVARIANTS[0], how: `${what}: no answer` })),
  ]
}

/** What was written in the quiet had its minute. */
function noteLate({ sent, broken }: Stage, findings: readonly Finding[]): void {
  const probes = sent.filter(({ isProbe }) => isProbe).map(({ text }) => `"${text}"`)
  const late = findings.filter(({ how }) => probes.some((text) => how.includes(text)))
  broken.push(...late.map(({ how }) => ({ invariant: PROMPT, how })))
}

function countsOf(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
