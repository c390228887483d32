import { expect, test } from 'vitest'
import { ago, isoTime, localMinute } from './times.ts'

const then = '2026-11-22T10:02:00.000Z'
const at = Date.parse(then)

test('CLI-2 times are ISO 8601 in UTC', () => {
  expect(isoTime(at)).toBe(then)
})

test.each([
  [-60_000, 'now'],
  [4_999, 'now'],
  [12_000, '12 s ago'],
  [60_000, '1 min ago'],
  [3 * 3_600_000, '3 h ago'],
  [3 * 86_400_000, '3 d ago'],
])('after %i ms: %s', (passed, words) => {
  expect(ago(then, at + passed)).toBe(words)
})

test('people read their own time zone', () => {
  const local = new Date(2026, 0, 2, 3, 4)
  expect(localMinute(local.toISOString())).toBe('2026-01-02 03:04')
})
