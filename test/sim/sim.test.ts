import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Request } from './command-line.ts'
import { traceOf } from './report.ts'
import { runWorlds } from './workers.ts'

/** More with `KITH_SIM_SEEDS=10000`: some four a second and core. */
const SEEDS = Number(process.env['KITH_SIM_SEEDS'] ?? 6)
/** Begins elsewhere with `KITH_SIM_FROM=5000`. */
const FROM = Number(process.env['KITH_SIM_FROM'] ?? 0)
/** Far more than it takes on a quiet machine: how busy this one is, is not what is tested. */
const PATIENCE_MS = 10 * 60_000 + SEEDS * 2_000

const WORLDS: Request = {
  from: FROM,
  to: FROM + SEEDS - 1,
  wishes: {},
  workers: 2,
  trace: false,
  json: false,
  first: false,
  shrink: true,
}

/** Where the worlds themselves are not what is looked at. */
const SMALL = { devices: 3, accounts: 2, steps: 12 } as const

/** What each failure is told as: its seed, its sentences, and the shortest way to them. */
function failuresOf(all: Awaited<ReturnType<typeof runWorlds>>): readonly object[] {
  return all
    .filter(({ findings }) => findings.length > 0)
    .map(({ seed, findings, only, story }) => ({ seed, findings, only, story }))
}

test(`SIM-3 SIM-11 B1 D5 E4 in ${SEEDS} worlds everything holds`, {
  timeout: PATIENCE_MS,
}, async () => {
  const all = await runWorlds(WORLDS)
  expect(all).toHaveLength(SEEDS)
  expect(failuresOf(all)).toEqual([])
})

test('SIM-1 the same seed is the same world in another process, beside other worlds or alone', {
  timeout: PATIENCE_MS,
}, async () => {
  const [together, alone] = await Promise.all([
    runWorlds({ ...WORLDS, wishes: SMALL, from: 3, to: 6, workers: 1 }),
    runWorlds({ ...WORLDS, wishes: SMALL, from: 6, to: 6, workers: 1 }),
  ])
  expect(together.at(-1)).toEqual(alone[0])
  expect(new Set(together.map(({ trace }) => trace)).size).toBe(4)
  expect(traceOf(together)).not.toBe(traceOf(alone))
})

test('SIM-8 a page says what was simulated, what holds and how to see it again', {
  timeout: PATIENCE_MS,
}, async () => {
  const page = await npmRunSim('--devices', '3', '--partition', '60s', '--seeds', '1..2')
  expect(page).toMatch(/worlds +2 \(seeds 1\.\.2\)/)
  expect(page).toMatch(/devices +3 to \d in each world/)
  expect(page).toContain('✓ every accepted message is on every device that should have it')
  expect(page).toMatch(/Trace [0-9a-f]{16}/)
  expect(page).toContain('npm run sim -- --seeds 1..2 --devices 3 --partition 60000ms')
  expect(page.split('\n').length).toBeLessThan(60)
})

async function npmRunSim(...words: readonly string[]): Promise<string> {
  const sim = fileURLToPath(new URL('./sim.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    sim,
    ...words,
  ])
  return stdout
}
