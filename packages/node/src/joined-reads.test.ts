import { expect, test } from 'vitest'
import { joinedReads, MAX_JOINED } from './joined-reads.ts'

test('reads of one turn are made together, no more than one group at a time, and each gets its own value', async () => {
  const groups: number[] = []
  const read = joinedReads(async (keys: readonly number[]) => {
    groups.push(keys.length)
    return keys.map((key) => key * 2)
  })
  const keys = Array.from({ length: MAX_JOINED + 3 }, (_, at) => at)
  expect(await Promise.all(keys.map(read))).toEqual(keys.map((key) => key * 2))
  expect(groups).toEqual([MAX_JOINED, 3])
  expect(await read(7)).toBe(14)
  expect(groups).toEqual([MAX_JOINED, 3, 1])
})

test('a read that fails fails those it was made with, and no others', async () => {
  let isFailing = true
  const read = joinedReads(async (keys: readonly number[]) => {
    if (isFailing) throw new Error('on purpose')
    return keys
  })
  const outcomes = await Promise.allSettled([read(1), read(2)])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  isFailing = false
  expect(await read(3)).toBe(3)
})
