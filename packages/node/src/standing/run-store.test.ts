import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { storeForRun } from './run-store.ts'

const SETTINGS = { name: 'laptop', relays: [] }

test('STO-55 what a run writes is on the disk before the next one reads, and nothing after that', async () => {
  const { store, tables } = await openContext()
  const run = storeForRun(store)
  const order: string[] = []
  const writing = run.store
    .commit([tables.settings.put('device', SETTINGS)])
    .then(() => order.push('written'))
  await run.end()
  order.push('over')
  await writing
  expect(order).toEqual(['written', 'over'])
  await expect(run.store.commit([tables.settings.delete('device')])).rejects.toMatchObject({
    code: 'ERR_STORE_CLOSED',
  })
  expect(await tables.settings.get('device')).toEqual(SETTINGS)
  await store.close()
})

test('STO-55 a write that fails does not keep a run from ending', async () => {
  const { store, tables } = await openContext()
  const run = storeForRun(store)
  const ops = [tables.settings.put('device', SETTINGS)]
  await store.close()
  const writing = run.store.commit(ops)
  await Promise.all([
    expect(writing).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' }),
    run.end(),
  ])
  expect(run.store.damage).toEqual([])
})
