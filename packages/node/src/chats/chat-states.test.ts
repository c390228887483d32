import { contentCodec, directChatId, messageIdOf } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { type Chats, openChats, type StoredContent } from '../chats.ts'
import { commitStaged, type Staged } from '../staged.ts'

const ADA = accountNamed('a')
const BEN = accountNamed('b')
const CHAT = directChatId(ADA, BEN)

async function staged(chats: Chats, text: string): Promise<[StoredContent, Staged]> {
  return chats.alone(CHAT, async () => {
    const stored = await chats.draft(CHAT, { kind: 'text', text })
    return [stored, await chats.stage(stored)]
  })
}

/** The process ends here: the same disk, new memory. */
function reopened(context: TestContext): Chats {
  return openChats(context, ADA)
}

test('DEL-56 E2 a batch names no content behind it: a crash between two leaves no number unused', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const [one, first] = await staged(chats, 'one')
  await staged(chats, 'two')
  await commitStaged(context.store, [first])
  const next = await reopened(context).draft(CHAT, { kind: 'text', text: 'two, again' })
  expect(next.content).toMatchObject({ seq: 2, parents: [one.message] })
})

test('DEL-56 a batch that comes later than one behind it takes nothing back', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const [, first] = await staged(chats, 'one')
  const [two, second] = await staged(chats, 'two')
  for (const one of [second, first]) await commitStaged(context.store, [one])
  for (const room of [chats, reopened(context)]) {
    const { content } = await room.draft(CHAT, { kind: 'text', text: 'three' })
    expect(content.seq).toBe(3)
    expect(content.parents).toContain(two.message)
  }
})

test('DEL-56 E2 a write that fails takes its own back, and not what was staged beside it', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const [, first] = await staged(chats, 'one')
  const [two, second] = await staged(chats, 'two')
  first.discard?.()
  first.discard?.()
  await commitStaged(context.store, [second])
  const next = await chats.draft(CHAT, { kind: 'text', text: 'three' })
  expect(next.content).toMatchObject({ seq: 3, parents: [two.message] })
})

test('DEL-56 E2 a lost state is made anew from the contents; no number is given out twice', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const [, first] = await staged(chats, 'one')
  const [two, second] = await staged(chats, 'two')
  for (const one of [first, second]) await commitStaged(context.store, [one])
  await context.store.commit([context.tables.chats.delete(CHAT)])
  const next = await reopened(context).draft(CHAT, { kind: 'text', text: 'three' })
  expect(next.content).toMatchObject({ seq: 3, parents: [two.message] })
})

test('DEL-57 a contact that writes in the name of this device moves none of its numbers', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const bytes = contentCodec.encode({
    chat: CHAT,
    author: { account: BEN, device: context.device },
    seq: Number.MAX_SAFE_INTEGER,
    parents: [],
    at: 1,
    salt: new Uint8Array(16),
    body: { kind: 'text', text: 'not me' },
  })
  const forged = { message: messageIdOf(bytes), content: contentCodec.decode(bytes), bytes }
  await commitStaged(context.store, [await chats.stage(forged)])
  const [, first] = await staged(chats, 'one')
  await commitStaged(context.store, [first])
  const { numbers } = context.tables
  expect((await numbers.get([CHAT, ADA, context.device, 1]))?.message).toBeDefined()
  expect((await reopened(context).draft(CHAT, { kind: 'text', text: 'two' })).content.seq).toBe(2)
  expect(await numbers.get([CHAT, ADA, deviceNamed('p'), 1])).toBeUndefined()
})
