import { expect, test } from 'vitest'
import { createRecentMap } from './recent-map.ts'

test('STO-23 what was used last is kept, and the memory it takes has a bound', () => {
  const map = createRecentMap<number, string>(10)
  for (let key = 0; key < 1_000; key++) {
    map.set(key, `${key}`)
    // Used each time: it stays.
    map.set(-1, map.get(-1) ?? 'often')
  }
  const kept = Array.from({ length: 1_000 }, (_, key) => key).filter((key) => map.get(key))
  expect(map.get(-1)).toBe('often')
  expect(kept.slice(-8)).toEqual([992, 993, 994, 995, 996, 997, 998, 999])
  expect(kept.length).toBeLessThanOrEqual(20)
  map.delete(999)
  expect(map.get(999)).toBeUndefined()
})
