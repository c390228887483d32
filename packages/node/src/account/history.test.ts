import {
  contentCodec,
  type DeviceId,
  directChatId,
  type MessageId,
  messageIdOf,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { openChats } from '../chats.ts'
import { openDelivery, type Reached } from '../delivery/delivery.ts'
import { openReachedAhead } from '../delivery/reached-ahead.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { AccountState } from './account-state.ts'
import { startHistory } from './history.ts'
import type { MessageRecord } from './log-contents.ts'

const [ADA, BEN] = [accountNamed('a'), accountNamed('b')]
const CHAT = directChatId(ADA, BEN)
const NONE = messageIdOf(new Uint8Array())

function recordOf(seq: number): Extract<MessageRecord, { kind: 'content' }> {
  const content = contentCodec.encode({
    chat: CHAT,
    author: { account: BEN, device: deviceNamed('p') },
    seq,
    parents: [],
    at: seq,
    salt: new Uint8Array(16),
    body: { kind: 'text', text: `no ${seq}` },
  })
  return { kind: 'content', content }
}

test('ALOG-9 E2 records that could not be taken in are taken when they come again: none counts as here', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  let take: (records: readonly MessageRecord[]) => Promise<readonly Staged[]> = async () => []
  let canRead = false
  const onRecords: AccountState['onRecords'] = (given) => {
    take = given
  }
  const [one, two] = [recordOf(1), recordOf(2)]
  startHistory({
    account: ADA,
    state: { onRecords } as AccountState,
    chats,
    messages: { stageArrivals: () => [] } as never,
    ahead: await openReachedAhead(context),
    undelivered: {
      stageArrived: async (contents) => {
        if (contents.some(({ content }) => content.seq === 2) && !canRead)
          throw new Error('the disk cannot be read')
        return []
      },
    },
    settle: async () => [],
    addressing: { take: async () => [] },
  })
  await expect(take([one, two])).rejects.toThrow('disk')
  for (const { content } of [one, two]) {
    expect(await chats.has(messageIdOf(content))).toBe(false)
  }
  canRead = true
  await commitStaged(context.store, await take([one, two]))
  expect((await chats.list(CHAT, {})).map(({ content }) => content.seq)).toEqual([1, 2])
})

test('HIS-2 DEL-55 DEL-56 a page of history is one state of its chat, in any order and with what is here', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  let take: (records: readonly MessageRecord[]) => Promise<readonly Staged[]> = async () => []
  const onRecords: AccountState['onRecords'] = (given) => {
    take = given
  }
  startHistory({
    account: ADA,
    state: { onRecords } as AccountState,
    chats,
    messages: { stageArrivals: () => [] } as never,
    undelivered: { stageArrived: async () => [] },
    ahead: await openReachedAhead(context),
    settle: async () => [],
    addressing: { take: async () => [] },
  })
  const written = chained(12)
  const takeIn = async (records: readonly MessageRecord[]): Promise<number> => {
    const ops = (await take(records)).flatMap((one) => {
      const of = one.ops()
      return [{ one, of }]
    })
    await context.store.commit(ops.flatMap(({ of }) => of))
    for (const { one } of ops) one.publish?.()
    return ops.flatMap(({ of }) => of).filter(({ table }) => table === 'chats').length
  }
  // The newest first, as siblings send them; one page holds a record twice, and one that is here.
  expect(await takeIn(written.slice(8).reverse())).toBe(1)
  expect(await takeIn([...written.slice(4, 9), ...written.slice(6, 8)])).toBe(1)
  expect(await takeIn(written.slice(0, 4))).toBe(1)
  expect(await takeIn(written)).toBe(0)
  const listed = await chats.list(CHAT, {})
  expect(listed.map(({ content }) => content.seq)).toEqual(written.map((_, at) => at + 1))
  const awaited: unknown[] = []
  for await (const [key] of context.tables.awaited.entries()) awaited.push(key)
  expect(awaited).toEqual([])
  const { content } = await chats.draft(CHAT, { kind: 'text', text: 'next' })
  expect(content.parents).toEqual([listed.at(-1)?.message])
})

test('DEL-70 who had a message when it came stands with its place, and moves with it; who is heard of later has a row', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const [phone, tablet] = [deviceNamed('q'), deviceNamed('r')]
  const logs = {
    devicesOf: () => [phone, tablet],
    get: () => ({ devices: new Map([phone, tablet].map((device) => [device, {}])) }),
  }
  let take: (records: readonly MessageRecord[]) => Promise<readonly Staged[]> = async () => []
  startHistory({
    account: ADA,
    state: {
      onRecords: (given) => {
        take = given
      },
    } as AccountState,
    chats,
    messages: { stageArrivals: () => [] } as never,
    undelivered: { stageArrived: async () => [] },
    ahead: await openReachedAhead(context),
    settle: async (reached, placed) => [
      openDelivery(context, logs as never).stage(reached, placed),
    ],
    addressing: { take: async () => [] },
  })
  const [early, late] = chained(2)
  if (early?.kind !== 'content' || late?.kind !== 'content') throw new Error('both are contents')
  // The clock of the first was ahead: what answers it is moved behind it when it comes (DEL-55).
  const ahead = contentCodec.encode({ ...contentCodec.decode(early.content), at: 9 })
  const answer = contentCodec.encode({
    ...contentCodec.decode(late.content),
    parents: [messageIdOf(ahead)],
  })
  const [first, second] = [messageIdOf(ahead), messageIdOf(answer)]
  const reached = (message: MessageId, device: DeviceId): MessageRecord => ({
    kind: 'reached',
    reached: [{ message, device }],
  })
  const takeIn = async (...records: readonly MessageRecord[]): Promise<void> =>
    commitStaged(context.store, await take(records))
  await takeIn({ kind: 'content', content: answer }, reached(second, phone), reached(second, phone))
  expect(await context.store.countOf('reached')).toBe(0)
  await takeIn(reached(second, tablet), reached(first, phone), { kind: 'content', content: ahead })
  expect(await context.store.countOf('reached')).toBe(1)
  expect(await context.tables.contentPlaces.getMany([first, second])).toEqual([
    { chat: CHAT, at: 9, reached: [phone] },
    { chat: CHAT, at: 10, reached: [phone] },
  ])
  const delivery = openDelivery(context, logs as never)
  expect(await delivery.statesOf([first, second], BEN)).toEqual([
    { reached: [phone] },
    { reached: [phone, tablet] },
  ])
  expect(await delivery.stateOf(second, BEN)).toEqual({ reached: [phone, tablet] })
})

test('DEL-70 DEL-71 who has messages that are still to come is kept until they do, in one entry', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const [phone, ahead] = [deviceNamed('q'), await openReachedAhead(context)]
  const settled: Reached[] = []
  let take: (records: readonly MessageRecord[]) => Promise<readonly Staged[]> = async () => []
  const onRecords: AccountState['onRecords'] = (given) => {
    take = given
  }
  const history = startHistory({
    account: ADA,
    state: { onRecords } as AccountState,
    chats,
    messages: { stageArrivals: () => [] } as never,
    undelivered: { stageArrived: async () => [] },
    ahead,
    settle: async (reached, placed = new Set()) => {
      settled.push(...reached.filter(({ message }) => !placed.has(message)))
      return []
    },
    addressing: { take: async () => [] },
  })
  const takeIn = async (...records: readonly MessageRecord[]): Promise<void> =>
    commitStaged(context.store, await take(records))
  const written = chained(3)
  const messages = written.map((one) => (one.kind === 'content' ? messageIdOf(one.content) : NONE))
  const reached = messages.map((message) => ({ message, device: phone }))
  await takeIn({ kind: 'reached', reached })
  expect(await context.store.countOf('reached ahead')).toBe(1)
  const [one, two, three] = written
  if (!one || !two || !three) throw new Error('three were written')
  await takeIn(three, two)
  expect(settled).toEqual([])
  expect(await context.tables.contentPlaces.getMany(messages)).toEqual([
    undefined,
    { chat: CHAT, at: 2, reached: [phone] },
    { chat: CHAT, at: 3, reached: [phone] },
  ])
  // By a replay it comes alone, and gets a row.
  await commitStaged(context.store, await history.takeInAgain(one))
  expect(settled).toEqual(reached.slice(0, 1))
  expect(await context.store.countOf('reached ahead')).toBe(0)
  // Of what is here there is nothing to wait for.
  await takeIn({ kind: 'reached', reached })
  expect(settled).toEqual([...reached.slice(0, 1), ...reached])
})

/** Each names the one before it as its parent. */
function chained(count: number): readonly MessageRecord[] {
  const records: Extract<MessageRecord, { kind: 'content' }>[] = []
  for (let seq = 1; seq <= count; seq++) {
    const before = records.at(-1)
    const parents = before ? [messageIdOf(before.content)] : []
    records.push({
      kind: 'content',
      content: contentCodec.encode({
        ...contentCodec.decode(recordOf(seq).content),
        parents,
      }),
    })
  }
  return records
}
