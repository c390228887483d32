/** Shares seeds out among processes and gathers what they tell. */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Request } from './command-line.ts'
import type { Told, WorkerRequest } from './worker.ts'

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))
/** A run throws away much, and soon: a larger nursery halves the work of the collector. */
const FLAGS = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=32',
  // Errors are made by the thousand, and only their codes are looked at.
  '--stack-trace-limit=0',
]

/**
 * Worlds of one process, then another one begins. A machine that loses its power while it starts leaves something
 * behind that Node holds: some hundred kB for each world.
 */
const WORLDS_OF_ONE = 1_000

/** Runs every world of a request; `onTold` hears of each. Resolves with all, in the order of seeds. */
export async function runWorlds(
  request: Request,
  options: {
    readonly onTold?: (told: Told) => void
    /** These instead of all from the first to the last. */
    readonly seeds?: readonly number[]
    /** Planted in the sources the workers run. */
    readonly fault?: string
  } = {},
): Promise<readonly Told[]> {
  const { from, to, wishes, only, trace, shrink } = request
  const all: Told[] = []
  const ending = new AbortController()
  const asked = options.seeds ?? Array.from({ length: to - from + 1 }, (_, at) => from + at)
  const count = Math.min(request.workers, asked.length)
  const onTold = (told: Told): void => {
    all.push(told)
    options.onTold?.(told)
    if (request.first && told.findings.length > 0) ending.abort()
  }
  await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const mine = asked.filter((_, at) => at % count === number)
      for (let from = 0; from < mine.length && !ending.signal.aborted; from += WORLDS_OF_ONE) {
        const seeds = mine.slice(from, from + WORLDS_OF_ONE)
        const share: WorkerRequest = { seeds, wishes, trace, shrink, ...(only ? { only } : {}) }
        await runWorker(share, { onTold, signal: ending.signal, fault: options.fault })
      }
    }),
  )
  return all.sort((a, b) => a.seed - b.seed)
}

/** @throws Error when the process ends before it told of all its worlds */
async function runWorker(
  asked: WorkerRequest,
  {
    onTold,
    signal,
    fault,
  }: {
    readonly onTold: (told: Told) => void
    readonly signal: AbortSignal
    readonly fault: string | undefined
  },
): Promise<void> {
  const child = spawn(process.execPath, [...FLAGS, worker, JSON.stringify(asked)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(fault === undefined ? {} : { KITH_SIM_FAULT: fault }) },
  })
  signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  let told = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (signal.aborted) break
    told += 1
    onTold(JSON.parse(line))
  }
  const code = await ended
  if (!signal.aborted && told < asked.seeds.length) {
    throw new Error(`a worker ended with ${code} at seed ${asked.seeds[told]}`)
  }
}
