import { contentCodec, directChatId, messageIdOf } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { openChats } from '../chats.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { AccountState } from './account-state.ts'
import { startHistory } from './history.ts'
import type { MessageRecord } from './log-contents.ts'

const [ADA, BEN] = [accountNamed('a'), accountNamed('b')]
const CHAT = directChatId(ADA, BEN)

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
