import { expect, test } from 'vitest'
import { createAccountData } from '../data/account-data.ts'
import { openDevice } from '../testing/devices.ts'
import { createIntoData, UPDATE_KIND } from './into-data.ts'

test('ACC-29 an update that found no room is not counted as read, and is tried again when there is room', async () => {
  const ada = await openDevice(1)
  const lane = { device: ada.id, lane: 'data' } as const
  const source = createAccountData({ clientId: 7 })
  const updates: Uint8Array[] = []
  source.onUpdate((update) => updates.push(update))
  for (const value of [1, 2]) source.settings.set(`s${value}`, value)
  for (const body of updates) {
    await ada.log.append({ lane: 'data', contents: [{ kind: UPDATE_KIND, body }] })
  }
  // A million entries take too long for a test: a document that says it is full until it is not.
  const data = createAccountData({ clientId: 8 })
  let isFull = true
  const into = createIntoData({
    ...data,
    applyUpdate: (update, options) =>
      isFull ? { kind: 'refused', code: 'ERR_UPDATE_FULL' } : data.applyUpdate(update, options),
  })
  await into.load(ada.log, {})
  expect(into.unapplied(lane)).toEqual([{ from: 1, to: 2 }])
  isFull = false
  into.takeSnapshots([])
  await into.load(ada.log, {})
  expect(into.unapplied(lane)).toEqual([])
  expect([...data.settings.list()]).toEqual([
    ['s1', 1],
    ['s2', 2],
  ])
})
