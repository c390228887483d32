import { messageIdFromBytes } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { deviceNamed } from '../../test/people.ts'
import { commitStaged } from '../staged.ts'
import { createFreshEntries } from './fresh-entries.ts'
import { type OutboxEntry, openOutbox } from './outbox.ts'

const [PHONE, TABLET] = [deviceNamed('p'), deviceNamed('t')]

function entry(order: number, recipient = PHONE): OutboxEntry {
  const message = messageIdFromBytes(new Uint8Array(16).fill(order % 256))
  return { order, recipient, message, envelope: Uint8Array.of(order % 256) }
}

test('DEL-29 what was just written is handed out from memory, and only where it is all there is', () => {
  const fresh = createFreshEntries()
  expect(fresh.behind(PHONE, 0)).toBeUndefined()
  for (const order of [7, 9, 12]) fresh.add(entry(order))
  fresh.add(entry(8, TABLET))
  // Before the seventh there may be some that only the disk has.
  expect(fresh.behind(PHONE, 5)).toBeUndefined()
  expect(fresh.behind(PHONE, 6)?.map(({ order }) => order)).toEqual([7, 9, 12])
  expect(fresh.behind(PHONE, 9)?.map(({ order }) => order)).toEqual([12])
  fresh.replace({ ...entry(9), envelope: Uint8Array.of(1) })
  fresh.remove(entry(12))
  expect(fresh.behind(PHONE, 7)).toEqual([{ ...entry(9), envelope: Uint8Array.of(1) }])
  expect(fresh.behind(PHONE, 12)).toEqual([])
})

test('DEL-29 D6 it holds 512 of one device, and of many devices together a few thousand', () => {
  const fresh = createFreshEntries()
  for (let order = 1; order <= 600; order++) fresh.add(entry(order))
  expect(fresh.behind(PHONE, 87)).toBeUndefined()
  expect(fresh.behind(PHONE, 88)).toHaveLength(512)
  const others = [...'abcdefgh'].map(deviceNamed)
  for (const device of others) {
    for (let order = 1001; order <= 1500; order++) fresh.add(entry(order, device))
  }
  const held = [PHONE, ...others].map((device) => fresh.behind(device, 1000)?.length ?? 0)
  expect(held.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(4_096)
  expect(held.at(-1)).toBe(500)
})

test('DEL-15 a page ends before what is on its way to the disk, though later entries are there', async () => {
  const { store, ...context } = await openContext()
  const outbox = await openOutbox({ ...context, store })
  const [one, two, three] = [1, 2, 3].map((number) =>
    outbox.stageAdd({ recipient: PHONE, message: entry(number).message }),
  )
  if (!one || !two || !three) throw new Error('three were made')
  const orders = async (): Promise<readonly number[]> =>
    (await outbox.pageFor(PHONE, 0, 10)).map(({ order }) => order)
  await commitStaged(store, [one])
  const second = two.ops()
  await commitStaged(store, [three])
  expect(await orders()).toEqual([1])
  await store.commit(second)
  two.publish?.()
  expect(await orders()).toEqual([1, 2, 3])
})
