import { describe, expect, test } from 'vitest'
import type { ContenderName } from './contenders/contenders.ts'
import type { Job } from './jobs/job.ts'
import { concludeJob, jobText } from './report.ts'
import type { Turn, Turns } from './rounds.ts'

const job: Job = {
  name: 'edits',
  title: 'an edit is seen',
  contenders: ['raw TCP', 'hocuspocus', 'Kithmesh'],
  measures: [{ name: 'p50', unit: 'ms', means: 'half of them quicker' }],
  bars: [
    { measure: 'p50', against: 'hocuspocus', rule: 'at most', ratio: 1.5, noise: 1.25 },
    { measure: 'p50', against: 'raw TCP', rule: 'at most', ratio: 10, noise: 1.25 },
    {
      measure: 'p50',
      against: 'cojson',
      rule: 'at most',
      ratio: 0.25,
      noise: 1.25,
      elsewhere: '3.4 ms',
    },
  ],
  prepare: async () => async () => ({}),
}

const ran = (p50: number): Turn => ({ kind: 'ran', figures: { p50 } })
const failed: Turn = { kind: 'failed', reason: 'no port' }
const turnsOf = (all: Readonly<Partial<Record<ContenderName, readonly Turn[]>>>): Turns =>
  new Map(job.contenders.map((name) => [name, all[name] ?? []]))

const turns = turnsOf({
  'raw TCP': [ran(0.2), ran(0.4), ran(0.2)],
  hocuspocus: [ran(0.5), failed, ran(0.5)],
  Kithmesh: [ran(1.5), ran(4), ran(1.5)],
})

describe('what a job comes to', () => {
  const { figures, bars } = concludeJob(job, turns)

  test('each contender has its median, and ours stands to it by rounds', () => {
    expect(figures).toEqual([
      expect.objectContaining({ contender: 'raw TCP', ratio: 7.5, failed: 0 }),
      expect.objectContaining({ contender: 'hocuspocus', ratio: 3, failed: 1 }),
      expect.objectContaining({ contender: 'Kithmesh', ratio: undefined, failed: 0 }),
    ])
    expect(figures[2]?.summary).toEqual({ n: 3, min: 1.5, median: 1.5, max: 4 })
  })

  test('each bar has its verdict', () => {
    expect(bars.map(({ verdict }) => verdict)).toEqual([
      { kind: 'misses', ratio: 3, by: 2 },
      { kind: 'holds', ratio: 7.5 },
      { kind: 'not measured' },
    ])
  })

  test('a person reads figures, ratios, failures and verdicts', () => {
    const text = jobText(job, { figures, bars, goals: [] })
    expect(text).toMatch(/hocuspocus +0\.500 ms +3\.00×/)
    expect(text).toContain('hocuspocus failed in 1 of 3 rounds')
    expect(text).toContain('bar: p50 ≤ 1.5× hocuspocus – misses by 2.00× (3.00×)')
    expect(text).toContain('bar: p50 ≤ 10× raw TCP – holds (7.50×)')
    expect(text).toContain('does not start cojson (3.4 ms on the machine that set the bar)')
  })
})

test('when ours never ran there is no verdict', () => {
  const never = turnsOf({ hocuspocus: [ran(1)], Kithmesh: [failed] })
  const outcome = concludeJob(job, never)
  expect(outcome.bars[0]?.verdict).toEqual({ kind: 'not measured' })
  expect(jobText(job, outcome)).toContain('not judged: one of the two failed')
})

test('a peer that is not on this machine is named as absent, and a goal is judged by itself', () => {
  const turns = turnsOf({
    'raw TCP': [{ kind: 'missing', reason: 'apt-get install it' }],
    Kithmesh: [ran(3), ran(5), ran(9)],
  })
  const withGoals = { ...job, goals: [{ measure: 'p50', most: 4 }] }
  const text = jobText(withGoals, concludeJob(withGoals, turns))
  expect(text).toMatch(/raw TCP +absent/)
  expect(text).toContain('raw TCP is absent: apt-get install it')
  expect(text).toContain('goal: p50 ≤ 4.00 ms – misses (5.00 ms)')
})
