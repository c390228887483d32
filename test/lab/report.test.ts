import { describe, expect, test } from 'vitest'
import type { PairResult } from './nat-matrix.ts'
import { type Arrival, arrivalOf } from './people.ts'
import {
  isOutageWell,
  isPairWell,
  isRungWell,
  ladderTable,
  natTable,
  outageTable,
} from './report.ts'

const all = (once: number): Arrival => ({ once, twice: 0, isInOrder: true })
const pair: PairResult = {
  first: 'phone',
  phone: 'moderate',
  laptop: 'open',
  path: 'direct',
  reason: 'Directly, by WebRTC',
  metMs: 400,
  directMs: 1_250,
  carries: true,
}

describe('what the lab calls well', () => {
  test('a pair is direct, or relayed where its routers leave no other way', () => {
    expect(isPairWell(pair)).toBe(true)
    expect(isPairWell({ ...pair, carries: false })).toBe(false)
    expect(isPairWell({ ...pair, path: 'relayed' })).toBe(false)
    expect(isPairWell({ ...pair, path: 'relayed', laptop: 'strict' })).toBe(true)
    expect(isPairWell({ ...pair, path: 'relayed', phone: 'none', laptop: 'strict' })).toBe(false)
  })

  test('a rung carries everything once and in order; of the last one nothing is asked', () => {
    const line = { mbit: 1, rtt: 1, loss: 1, burst: 1 }
    const rung = { rung: 7, line, messages: 9, adaToBen: all(9), benToAda: all(9), settledMs: 1 }
    expect(isRungWell(rung)).toBe(true)
    expect(isRungWell({ ...rung, benToAda: { ...all(9), isInOrder: false } })).toBe(false)
    expect(isRungWell({ ...rung, adaToBen: { ...all(8), twice: 1 } })).toBe(false)
    expect(isRungWell({ ...rung, rung: 8, adaToBen: all(3) })).toBe(true)
  })

  test('everybody is back within five seconds, each time', () => {
    const outage = { name: 'relay', before: 'direct', lastsMs: 3_000 } as const
    const said = { ada: 3, ben: 2 }
    const result = { ...outage, backMs: [80, 5_000], said, adaToBen: all(3), benToAda: all(2) }
    expect(isOutageWell(result)).toBe(true)
    expect(isOutageWell({ ...result, backMs: [80, 5_001] })).toBe(false)
    expect(isOutageWell({ ...result, backMs: [80, undefined] })).toBe(false)
    expect(isOutageWell({ ...result, adaToBen: all(2) })).toBe(false)
    expect(outageTable([{ ...result, backMs: [5_000, 80, 1_200] }])).toContain(
      '| direct | 3.0 s | 1.2 s | 5.0 s | 3 | 5 of 5 | 0 |',
    )
    expect(outageTable([{ ...result, backMs: [80, undefined] }])).toContain('| never | never | 2 |')
  })
})

test('arrivals are counted by what is listed, whatever else is listed there', () => {
  expect(arrivalOf(['a', 'b', 'c'], ['x', 'a', 'b', 'c'])).toEqual(all(3))
  expect(arrivalOf(['a', 'b', 'c'], ['b', 'a', 'a'])).toEqual({
    once: 1,
    twice: 1,
    isInOrder: false,
  })
})

test('the tables of docs/network.md', () => {
  expect(natTable([pair])).toContain('| moderate |  | direct, 1.3 s |  |  |')
  const line = { mbit: 0.5, rtt: 450, loss: 12, burst: 25 }
  const rung = { rung: 7, line, messages: 9, adaToBen: all(9), benToAda: all(8), settledMs: 8_100 }
  expect(ladderTable([rung])).toContain(
    '| 7 | 0.5 | 450 ms | 12 % | 25 | 9 of 9 | 8 of 9 | after 8.1 s |',
  )
})
