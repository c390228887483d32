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
