import { describe, expect, test } from 'vitest'
import {
  addSkipped,
  dropOldSkipped,
  MAX_SKIPPED,
  MAX_SKIPPED_AGE_MS,
  MAX_SKIPPED_AGE_OPENED,
  MAX_SKIPPED_PER_CHAIN,
  type SkippedKeys,
  takeSkipped,
} from './skipped-keys.ts'

const chainKey = (chain: number): Uint8Array => new Uint8Array(32).fill(chain)

/** Keys of one chain, numbered from `first`. */
function keysOf(chain: number, first: number, count: number): SkippedKeys {
  return Array.from({ length: count }, (_, at) => ({
    ratchetKey: chainKey(chain),
    number: first + at,
    messageKey: new Uint8Array(32).fill(first + at),
    at: 0,
    opened: 0,
  }))
}

describe('skipped keys', () => {
  test('SES-12 of one chain 1,000 are kept, the latest ones; other chains keep theirs', () => {
    const other = keysOf(2, 0, 10)
    const first = addSkipped(other, keysOf(1, 0, 900))
    const both = addSkipped(first, keysOf(1, 900, 300))
    const chain = both.filter(({ ratchetKey }) => ratchetKey[0] === 1)
    expect(chain).toHaveLength(MAX_SKIPPED_PER_CHAIN)
    expect(chain[0]?.number).toBe(200)
    expect(both).toHaveLength(MAX_SKIPPED_PER_CHAIN + other.length)
  })

  test('SES-12 of all chains 2,000 are kept', () => {
    const chains = [1, 2, 3].map((chain) => keysOf(chain, 0, 900))
    const all = chains.reduce(addSkipped, [])
    expect(all).toHaveLength(MAX_SKIPPED)
    expect(all[0]).toMatchObject({ ratchetKey: chainKey(1), number: 700 })
  })

  test('SES-12 none is kept over 4,000 opened messages, or for 30 days', () => {
    const keys = keysOf(1, 0, 3)
    const last = { at: MAX_SKIPPED_AGE_MS - 1, opened: MAX_SKIPPED_AGE_OPENED - 1 }
    expect(dropOldSkipped(keys, last)).toBe(keys)
    expect(dropOldSkipped(keys, { ...last, opened: MAX_SKIPPED_AGE_OPENED })).toEqual([])
    expect(dropOldSkipped(keys, { ...last, at: MAX_SKIPPED_AGE_MS })).toEqual([])
  })

  test('SES-12 age is told from when a key was passed over; the young ones stay', () => {
    const [old, young] = [keysOf(1, 0, 1), keysOf(1, 1, 1)]
    const opened = MAX_SKIPPED_AGE_OPENED - 1
    const later = young.map((key) => ({ ...key, opened, at: 7 }))
    const now = { at: 8, opened: 2 * opened }
    expect(dropOldSkipped([...old, ...later], now)).toEqual(later)
    expect(dropOldSkipped(later, now)).toBe(later)
  })

  test('SES-12 nothing passed over changes nothing', () => {
    const keys = keysOf(1, 0, 3)
    expect(addSkipped(keys, [])).toBe(keys)
  })

  test('SES-12 a key is taken once, by chain and number', () => {
    const keys = [...keysOf(1, 0, 2), ...keysOf(2, 0, 2)]
    const taken = takeSkipped(keys, { ratchetKey: chainKey(2), number: 1 })
    expect(taken?.rest).toEqual([...keysOf(1, 0, 2), ...keysOf(2, 0, 1)])
    const again = taken && takeSkipped(taken.rest, { ratchetKey: chainKey(2), number: 1 })
    expect(again).toBeUndefined()
    expect(takeSkipped(keys, { ratchetKey: chainKey(3), number: 1 })).toBeUndefined()
  })
})
