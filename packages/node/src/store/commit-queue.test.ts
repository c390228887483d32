import { describe, expect, test } from 'vitest'
import { createCommitQueue, MAX_GROUP } from './commit-queue.ts'
import type { Op } from './store-types.ts'

function op(number: number): Op {
  return { table: `${number}`, target: { kind: 'stored', storedKey: new Uint8Array() } }
}

function numbersOf(commits: readonly (readonly Op[])[]): number[] {
  return commits.flat().map(({ table }) => Number(table))
}

describe('the commit queue', () => {
  test('STO-5 commits that wait go together, in order, at most 64 at a time', async () => {
    const groups: number[][] = []
    const queue = createCommitQueue(async (commits) => {
      groups.push(numbersOf(commits))
    })
    const numbers = Array.from({ length: 150 }, (_, at) => at)
    await Promise.all(numbers.map((number) => queue.add([op(number)], {})))
    expect(groups.map((group) => group.length)).toEqual([MAX_GROUP, MAX_GROUP, 22])
    expect(groups.flat()).toEqual(numbers)
  })

  test('STO-1 nothing is acknowledged before the write is done', async () => {
    const written = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const queue = createCommitQueue(() => {
      started.resolve()
      return written.promise
    })
    let acknowledged = false
    const commit = queue.add([op(1)], {}).then(() => {
      acknowledged = true
    })
    await started.promise
    expect(acknowledged).toBe(false)
    written.resolve()
    await commit
    expect(acknowledged).toBe(true)
  })

  test('STO-8 with a failed write all that wait fail, and later ones go on', async () => {
    let fails = true
    const groups: number[][] = []
    const queue = createCommitQueue(async (commits) => {
      groups.push(numbersOf(commits))
      if (fails) throw new Error('EIO')
    })
    const all = Array.from({ length: 100 }, (_, at) => queue.add([op(at)], {}))
    const outcomes = await Promise.allSettled(all)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(groups).toHaveLength(1)
    fails = false
    await queue.add([op(100)], {})
    expect(groups.at(-1)).toEqual([100])
  })

  test('STO-6 a commit is cancelled while it waits, not once it is being written', async () => {
    const waits = new AbortController()
    const writes = new AbortController()
    const written: number[] = []
    const first = Promise.withResolvers<void>()
    const queue = createCommitQueue(async (commits) => {
      written.push(...numbersOf(commits))
      waits.abort(new Error('changed my mind'))
      writes.abort(new Error('too late'))
      await first.promise
    })
    const one = queue.add([op(1)], { signal: writes.signal })
    await expect.poll(() => written).toEqual([1])
    const two = queue.add([op(2)], { signal: waits.signal })
    const three = queue.add([op(3)], {})
    first.resolve()
    await Promise.all([one, three])
    await expect(two).rejects.toThrow('changed my mind')
    expect(written).toEqual([1, 3])
  })

  test('STO-9 closing refuses new commits and waits for those under way', async () => {
    const written = Promise.withResolvers<void>()
    const queue = createCommitQueue(() => written.promise)
    const underWay = queue.add([op(1)], {})
    let closed = false
    const closing = queue.close().then(() => {
      closed = true
    })
    await expect(queue.add([op(2)], {})).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' })
    expect(closed).toBe(false)
    written.resolve()
    await Promise.all([underWay, closing])
  })
})
