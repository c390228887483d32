import { deviceIdFromPublicKey } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountLogStoreCases } from './account-log-store-cases.ts'
import { createMemoryAccountLogStore } from './memory-account-log-store.ts'

test.each(accountLogStoreCases)('$name', async ({ run }) => {
  await run(createMemoryAccountLogStore())
})

test('ALOG-15 the cases can fail: a store that forgets what it covers is found out', async () => {
  const store = createMemoryAccountLogStore()
  const forgetful = {
    ...store,
    commit: store.commit,
    lanes: async () => (await store.lanes()).map((lane) => ({ ...lane, covered: [] })),
  }
  const outcomes = await Promise.allSettled(
    accountLogStoreCases.slice(4, 5).map(({ run }) => run(forgetful)),
  )
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected'])
})

test('ALOG-6 what goes along is committed with the records, in one call', async () => {
  const seen: (readonly string[])[] = []
  const store = createMemoryAccountLogStore<string>({
    commitAlongside: (alongside) => seen.push(alongside),
  })
  await store.commit({ alongside: ['a', 'b'] })
  expect(seen).toEqual([['a', 'b']])
})

test('a commit that was cancelled before changes nothing', async () => {
  const store = createMemoryAccountLogStore()
  const signal = AbortSignal.abort()
  const device = deviceIdFromPublicKey(new Uint8Array(32).fill(9))
  const span = { device, lane: 'data', from: 1, to: 2 } as const
  await expect(store.commit({ cover: [span] }, { signal })).rejects.toThrow()
  expect(await store.lanes()).toEqual([])
})
