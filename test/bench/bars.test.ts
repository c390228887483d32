import { describe, expect, test } from 'vitest'
import { type Bar, judge, pairedRatio } from './bars.ts'

describe('the ratio of two contenders', () => {
  test('is taken round by round: a minute in which the machine was slow changes nothing', () => {
    expect(pairedRatio([2, 20, 2], [1, 10, 1])).toBe(2)
  })

  test('is the median over the rounds', () => {
    expect(pairedRatio([1, 2, 9], [1, 1, 1])).toBe(2)
  })

  test('leaves out rounds in which one of the two failed', () => {
    expect(pairedRatio([undefined, 3, 8], [1, 1, undefined])).toBe(3)
  })

  test('is unknown when they never ran in one round', () => {
    expect(pairedRatio([1, undefined], [undefined, 1])).toBeUndefined()
    expect(pairedRatio([1], [])).toBeUndefined()
  })
})

describe('a bar on what should be small', () => {
  const bar: Bar = { measure: 'p50', against: 'peer', rule: 'at most', ratio: 1.5, noise: 1.25 }

  test('holds up to the bar itself', () => {
    expect(judge(bar, 0.2)).toEqual({ kind: 'holds', ratio: 0.2 })
    expect(judge(bar, 1.5)).toEqual({ kind: 'holds', ratio: 1.5 })
  })

  test('a little over it may be noise, and is said to be over', () => {
    expect(judge(bar, 1.8)).toEqual({ kind: 'within noise', ratio: 1.8, by: 1.2 })
  })

  test('is missed by how many times the bar', () => {
    expect(judge(bar, 6)).toEqual({ kind: 'misses', ratio: 6, by: 4 })
  })

  test('is not judged without a figure', () => {
    expect(judge(bar, undefined)).toEqual({ kind: 'not measured' })
  })
})

describe('a bar on what should be large', () => {
  const bar: Bar = { measure: 'rate', against: 'peer', rule: 'at least', ratio: 2, noise: 1.25 }

  test('holds from the bar itself on', () => {
    expect(judge(bar, 2)).toEqual({ kind: 'holds', ratio: 2 })
    expect(judge(bar, 5)).toEqual({ kind: 'holds', ratio: 5 })
  })

  test('is missed by how many times the bar', () => {
    expect(judge(bar, 1.7)).toMatchObject({ kind: 'within noise' })
    expect(judge(bar, 0.5)).toEqual({ kind: 'misses', ratio: 0.5, by: 4 })
  })
})
