/** A little of `npm run lab` (docs/network.md): what the rest of it shows is shown by hand. */

import { expect, test } from 'vitest'
import { missing } from '../network/namespaces.ts'
import { runLadder } from './ladder.ts'
import { compilerMissing } from './line.ts'
import { type PairResult, runNatMatrix } from './nat-matrix.ts'
import { runOutages } from './outages.ts'
import { isPairWell, isRungWell } from './report.ts'

const STORY_MS = 240_000
/** Longer than the first tries at WebRTC take, after which nobody may claim a way that there is not. */
const PATIENCE_MS = 15_000

test.skipIf(missing !== '')(
  `NET-51 NET-53 D4 behind usual routers two devices talk directly, behind strict ones through the relay${missing}`,
  async () => {
    const told: PairResult[] = []
    const pairs = [
      ['moderate', 'moderate'],
      ['strict', 'strict'],
    ] as const
    await runNatMatrix(pairs, (result) => told.push(result), PATIENCE_MS)
    expect(told.map(({ path, carries }) => ({ path, carries }))).toEqual([
      { path: 'direct', carries: true },
      { path: 'relayed', carries: true },
    ])
    expect(told.every(isPairWell)).toBe(true)
  },
  STORY_MS,
)

test.skipIf(missing !== '')(
  `NET-52 NET-54 D4 another network, another address of the router, a relay that restarts: words arrive again, each once${missing}`,
  async () => {
    const outages = [
      { name: 'uplink', before: 'direct', lastsMs: 0 },
      { name: 'rebind', before: 'relayed', lastsMs: 0 },
      { name: 'relay', before: 'relayed', lastsMs: 1_000 },
    ] as const
    const results = await runOutages(outages, 1, () => undefined)
    // How soon depends on how busy this machine is: the lab says that, on one that is not.
    for (const { backMs, said, adaToBen, benToAda } of results) {
      expect(backMs).toEqual([expect.any(Number)])
      expect(adaToBen).toEqual({ once: said.ada, twice: 0, isInOrder: true })
      expect(benToAda).toEqual({ once: said.ben, twice: 0, isInOrder: true })
    }
  },
  STORY_MS,
)

const lineMissing = missing === '' ? compilerMissing : missing
test.skipIf(lineMissing !== '')(
  `DEL-2 D4 on a line of half a megabit that loses 12 % in bursts: 20 of 20 each way, none twice, in order${lineMissing}`,
  async () => {
    const [result] = await runLadder([7], 20, () => undefined)
    expect(result).toMatchObject({ rung: 7, messages: 20, settledMs: expect.any(Number) })
    expect(result !== undefined && isRungWell(result)).toBe(true)
  },
  STORY_MS,
)
