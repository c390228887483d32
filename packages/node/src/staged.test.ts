import { expect, test } from 'vitest'
import { commitStaged, type Staged } from './staged.ts'
import type { Op } from './store/store-types.ts'

const OP: Op = { table: 'test', target: { kind: 'key', segments: [] } }

/** Notes what happens to a staged change. */
function noted(name: string, order: string[]): Staged {
  return {
    ops: () => {
      order.push(`${name} is written`)
      return [OP]
    },
    publish: () => void order.push(`${name} is visible`),
    discard: () => void order.push(`${name} is taken back`),
  }
}

test('NODE-1 nothing is visible before the disk has all of it', async () => {
  const order: string[] = []
  const written = Promise.withResolvers<void>()
  const store = {
    commit: (ops: readonly Op[]) => {
      order.push(`${ops.length} go to the disk`)
      return written.promise
    },
  }
  const committing = commitStaged(store, [noted('a', order), noted('b', order)])
  await Promise.resolve()
  expect(order).toEqual(['a is written', 'b is written', '2 go to the disk'])
  written.resolve()
  await committing
  expect(order.slice(3)).toEqual(['a is visible', 'b is visible'])
})

test('NODE-1 E2 a write that fails takes back all of it, and nobody was told', async () => {
  const order: string[] = []
  const store = { commit: () => Promise.reject(new Error('disk full')) }
  await expect(commitStaged(store, [noted('a', order), noted('b', order)])).rejects.toThrow('full')
  expect(order.slice(2)).toEqual(['a is taken back', 'b is taken back'])
})

test('NODE-1 a change that cannot say what to write takes back all that stands beside it', async () => {
  const order: string[] = []
  const store = { commit: () => Promise.reject(new Error('not asked')) }
  const broken: Staged = {
    ops: () => {
      throw new Error('too large')
    },
  }
  await expect(commitStaged(store, [noted('a', order), broken])).rejects.toThrow('too large')
  expect(order).toEqual(['a is written', 'a is taken back'])
})

test('NODE-1 a change that writes nothing is visible at once', async () => {
  const order: string[] = []
  const store = { commit: () => Promise.reject(new Error('not asked')) }
  await commitStaged(store, [{ ops: () => [], publish: () => void order.push('visible') }])
  expect(order).toEqual(['visible'])
})
