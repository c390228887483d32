import { directChatId } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openChats } from '../chats.ts'
import { commitStaged } from '../staged.ts'
import { createWriting } from './writing.ts'

const [ADA, BEN] = [accountNamed('a'), accountNamed('b')]

test('DEL-56 what could not be sealed leaves no number unused and is nobody’s parent', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  let canSeal = false
  const write = createWriting({
    account: ADA,
    chats,
    fanOut: async () => {
      if (!canSeal) throw new Error('a session cannot be read')
      return []
    },
    record: (_, alongside) => commitStaged(context.store, alongside),
  })
  const say = (text: string) => write(BEN, { kind: 'text', text }, () => [])
  await expect(say('lost')).rejects.toThrow('session')
  canSeal = true
  const { content } = await say('one')
  expect(content).toMatchObject({ seq: 1, parents: [] })
  expect(await chats.list(directChatId(ADA, BEN), {})).toHaveLength(1)
})

test('DEL-66 DEL-6 what is written at the same moment is one batch, each content the child of the one before', async () => {
  const context = await openContext()
  const chats = openChats(context, ADA)
  const batches: number[] = []
  const write = createWriting({
    account: ADA,
    chats,
    fanOut: async () => [],
    record: (written, alongside) => {
      batches.push(written.length)
      return commitStaged(context.store, alongside)
    },
  })
  const texts = [
    'one',
    'two',
    'x'.repeat(16_000),
    'y'.repeat(16_000),
    'z'.repeat(16_000),
    'w'.repeat(16_000),
  ]
  const written = await Promise.all(
    texts.map((text) => write(BEN, { kind: 'text', text }, () => [])),
  )
  // The last does not fit into the record of the others.
  expect(batches).toEqual([5, 1])
  expect(written.map(({ content }) => content.seq)).toEqual([1, 2, 3, 4, 5, 6])
  expect(written.slice(1).map(({ content }) => content.parents)).toEqual(
    written.slice(0, -1).map(({ message }) => [message]),
  )
  const listed = await chats.list(directChatId(ADA, BEN), {})
  expect(listed.map(({ message }) => message)).toEqual(written.map(({ message }) => message))
})
