import { directChatId, type MessageId } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { type Chats, openChats, type StoredContent } from '../chats.ts'
import { readReached } from '../delivery/delivery.ts'
import { commitStaged } from '../staged.ts'
import type { Tables } from '../tables.ts'
import { rebuildChats } from './rebuild.ts'

const ADA = accountNamed('a')
const CHAT = directChatId(ADA, accountNamed('b'))

interface Disk {
  readonly context: TestContext
  readonly written: readonly StoredContent[]
}

/** A chat of four contents. */
async function disk(): Promise<Disk> {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const written: StoredContent[] = []
  for (const text of ['one', 'two', 'three', 'four'])
    written.push(await write(context, chats, text))
  return { context, written }
}

async function write(context: TestContext, chats: Chats, text: string): Promise<StoredContent> {
  return chats.alone(CHAT, async () => {
    const stored = await chats.draft(CHAT, { kind: 'text', text })
    await commitStaged(context.store, [await chats.stage(stored)])
    return stored
  })
}

async function rows<K>(table: {
  entries(): AsyncIterable<readonly [K, unknown]>
}): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const row of table.entries()) found.push(row)
  return found
}

async function empty(context: TestContext, ...names: readonly (keyof Tables)[]): Promise<void> {
  for (const name of names) {
    const table = context.tables[name] as Tables['contentPlaces']
    for await (const [key] of table.entries()) await context.store.commit([table.delete(key)])
  }
}

async function listed(context: TestContext): Promise<readonly MessageId[]> {
  return (await openChats(context, ADA).list(CHAT, {})).map(({ message }) => message)
}

test('DEL-58 E2 places, numbers and the state of a chat are made anew from its contents', async () => {
  const { context, written } = await disk()
  const { tables } = context
  const before = [await rows(tables.contentPlaces), await rows(tables.numbers)]
  await empty(context, 'contentPlaces', 'numbers', 'chats')
  await rebuildChats(context)
  expect([await rows(tables.contentPlaces), await rows(tables.numbers)]).toEqual(before)
  const next = await write(context, openChats(context, ADA), 'five')
  expect(next.content).toMatchObject({ seq: 5, parents: [written[3]?.message] })
})

test('DEL-58 DEL-70 who has a message is known after its content was lost, too', async () => {
  const { context, written } = await disk()
  const { tables, store } = context
  const [one, two] = written
  if (!one || !two) throw new Error('both were written')
  const device = deviceNamed('p')
  for (const { message, content } of [one, two]) {
    const place = { chat: CHAT, at: content.at, reached: [device] }
    await store.commit([tables.contentPlaces.put(message, place)])
  }
  await store.commit([tables.contents.delete([CHAT, two.content.at, two.message])])
  await rebuildChats(context)
  expect(await tables.contentPlaces.get(one.message)).toMatchObject({ reached: [device] })
  expect(await tables.contentPlaces.get(two.message)).toBeUndefined()
  expect(await readReached(tables, two.message)).toEqual([device])
})

test('DEL-58 E2 what is left of a lost content goes, so that it is taken when it comes again', async () => {
  for (const chat of [CHAT, undefined]) {
    const { context, written } = await disk()
    const [, two] = written
    if (!two) throw new Error('it was written')
    const place = await context.tables.contentPlaces.get(two.message)
    await context.store.commit([
      context.tables.contents.delete([CHAT, place?.at ?? 0, two.message]),
    ])
    expect(await openChats(context, ADA).has(two.message)).toBe(true)
    await rebuildChats(context, chat)
    const chats = openChats(context, ADA)
    expect(await chats.has(two.message)).toBe(false)
    await commitStaged(context.store, [await chats.stage(two)])
    expect(await listed(context)).toEqual(written.map(({ message }) => message))
  }
})

test('DEL-58 DEL-55 a content that stands in two places keeps the one its place names', async () => {
  const { context, written } = await disk()
  const [one] = written
  if (!one) throw new Error('it was written')
  await context.store.commit([context.tables.contents.put([CHAT, 7, one.message], one.bytes)])
  await rebuildChats(context)
  expect(await listed(context)).toEqual(written.map(({ message }) => message))
  expect(await rows(context.tables.contents)).toHaveLength(4)
})
