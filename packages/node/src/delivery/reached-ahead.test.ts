import { directChatId, type MessageId, messageIdFromBytes } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { commitStaged } from '../staged.ts'
import type { Reached } from './delivery.ts'
import { MAX_HEARD_AT_ONCE, openReachedAhead } from './reached-ahead.ts'

const [PHONE, TABLET] = [deviceNamed('p'), deviceNamed('t')]

function messageNumbered(number: number): MessageId {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return messageIdFromBytes(bytes)
}

function heard(from: number, count: number): readonly Reached[] {
  return Array.from({ length: count }, (_, at) => ({
    message: messageNumbered(from + at),
    device: PHONE,
  }))
}

const entries = ({ store }: TestContext): Promise<number> => store.countOf('reached ahead')

test('DEL-71 what is heard at once is one entry until the last message of it has come, over restarts, too', async () => {
  const context = await openContext()
  const before = await openReachedAhead(context)
  const [one, two] = [messageNumbered(1), messageNumbered(2)]
  await commitStaged(context.store, [before.stage(heard(1, 2))])
  await commitStaged(context.store, [before.stage([{ message: one, device: TABLET }])])
  expect(await entries(context)).toBe(2)
  const ahead = await openReachedAhead(context)
  expect(ahead.among([one, two, messageNumbered(3)])).toEqual([
    { message: one, device: PHONE },
    { message: one, device: TABLET },
    { message: two, device: PHONE },
  ])
  await commitStaged(context.store, [ahead.stageArrived([one, messageNumbered(3)])])
  expect(ahead.among([one])).toEqual([])
  expect(ahead.among([two])).toEqual([{ message: two, device: PHONE }])
  expect(await entries(context)).toBe(1)
  await commitStaged(context.store, [ahead.stageArrived([two])])
  expect(await entries(context)).toBe(0)
})

test('DEL-71 C3 entries and memory are bounded', async () => {
  const context = await openContext()
  const ahead = await openReachedAhead(context)
  await commitStaged(context.store, [ahead.stage(heard(0, MAX_HEARD_AT_ONCE + 1))])
  expect(await entries(context)).toBe(2)
  expect(ahead.hasRoomFor(heard(2_000, 20_000 - MAX_HEARD_AT_ONCE - 1))).toBe(true)
  expect(ahead.hasRoomFor(heard(2_000, 20_000 - MAX_HEARD_AT_ONCE))).toBe(false)
})

test('DEL-71 E2 what came some other way has rows after the next start', async () => {
  const context = await openContext()
  const { tables, store } = context
  await commitStaged(store, [(await openReachedAhead(context)).stage(heard(1, 3))])
  const place = { chat: directChatId(accountNamed('a'), accountNamed('b')), at: 1 }
  await store.commit([tables.contentPlaces.put(messageNumbered(2), place)])
  const ahead = await openReachedAhead(context)
  expect(await tables.reached.get([messageNumbered(2), PHONE])).toBe(true)
  const all = heard(1, 3).map(({ message }) => message)
  expect(ahead.among(all).map(({ message }) => message)).toEqual([all[0], all[2]])
  // Nothing is left to be settled once more.
  const commits = store.commits
  await openReachedAhead(context)
  expect(store.commits).toBe(commits)
})
