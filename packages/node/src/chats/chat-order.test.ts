import {
  type Content,
  contentCodec,
  directChatId,
  type MessageId,
  messageIdOf,
} from '@kithmesh/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { type Chats, openChats, type StoredContent } from '../chats.ts'
import { commitStaged, type Staged } from '../staged.ts'

const ADA = accountNamed('a')
const BEN = accountNamed('b')
const CHAT = directChatId(ADA, BEN)
const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const YEAR = 365 * DAY
const NOW = 50 * YEAR

interface Room {
  readonly chats: Chats
  readonly context: TestContext
}

async function room(now = (): number => NOW): Promise<Room> {
  const context = await openContext({ clock: { now, monotonic: now } })
  return { chats: openChats(context, ADA), context }
}

let salt = 0

/** A content of one of Ben's devices. */
function content(fields: Partial<Content>): StoredContent {
  const bytes = contentCodec.encode({
    chat: CHAT,
    author: { account: BEN, device: deviceNamed('p') },
    seq: 1,
    parents: [],
    at: NOW,
    salt: new Uint8Array(16).fill(salt++ % 256),
    body: { kind: 'text', text: String(salt) },
    ...fields,
  })
  return { message: messageIdOf(bytes), content: contentCodec.decode(bytes), bytes }
}

async function take(
  { chats, context }: Room,
  ...contents: readonly StoredContent[]
): Promise<void> {
  for (const stored of contents) {
    await chats.alone(CHAT, async () => commitStaged(context.store, [await chats.stage(stored)]))
  }
}

async function order({ chats }: Room): Promise<readonly MessageId[]> {
  return (await chats.list(CHAT, {})).map(({ message }) => message)
}

/** A conversation in which each says something about what was there, by clocks that are anywhere. */
const conversations = fc.array(
  fc.record({
    at: fc.constantFrom(0, HOUR, -HOUR, DAY, -DAY, YEAR, -YEAR).map((skew) => NOW + skew),
    parents: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
  }),
  { minLength: 2, maxLength: 12 },
)

function written(plan: readonly { at: number; parents: readonly number[] }[]): StoredContent[] {
  const contents: StoredContent[] = []
  for (const [index, { at, parents }] of plan.entries()) {
    const seen = new Set(parents.flatMap((parent) => contents[parent]?.message ?? []))
    contents.push(content({ at: at + index, seq: index + 1, parents: [...seen] }))
  }
  return contents
}

test('DEL-55 E4 no order of arrival and no clock, a year off or going back, puts an answer before its question', async () => {
  await fc.assert(
    fc.asyncProperty(conversations, fc.infiniteStream(fc.nat()), async (plan, random) => {
      const contents = written(plan)
      const shuffled = [...contents].sort(() => ((random.next().value ?? 0) % 2) - 0.5)
      const [inOrder, anyhow] = [await room(), await room()]
      await take(inOrder, ...contents)
      await take(anyhow, ...shuffled)
      const listed = await order(anyhow)
      expect(listed).toHaveLength(contents.length)
      for (const { message, content } of contents) {
        for (const parent of content.parents) {
          expect(listed.indexOf(parent)).toBeLessThan(listed.indexOf(message))
        }
      }
      // The same on every device that holds the same.
      expect(listed).toEqual(await order(inOrder))
      await Promise.all([inOrder, anyhow].map(({ context }) => context.store.close()))
    }),
    { numRuns: 60 },
  )
})

test('DEL-55 E2 contents that are still on their way to the disk are put behind a parent, too', async () => {
  const late = content({ at: NOW + 20 * HOUR, seq: 2 })
  const child = content({ at: NOW, parents: [late.message], seq: 3 })
  const grandchild = content({ at: NOW + 1, parents: [child.message], seq: 4 })
  for (const writtenFirst of [0, 1, 2]) {
    const ada = await room()
    const staged: Staged[] = []
    for (const one of [child, grandchild, late]) staged.push(await ada.chats.stage(one))
    // As when the batches of a content of ours and one of a sibling's pass each other.
    const batches = [...staged.slice(writtenFirst), ...staged.slice(0, writtenFirst)]
    for (const one of batches) await commitStaged(ada.context.store, [one])
    expect(await order(ada)).toEqual([late.message, child.message, grandchild.message])
    expect(await ada.chats.get(grandchild.message)).toMatchObject({ message: grandchild.message })
    // And by those who open the disk anew.
    const again = { ...ada, chats: openChats(ada.context, ADA) }
    expect(await order(again)).toEqual([late.message, child.message, grandchild.message])
  }
})

test('DEL-55 E4 of two late parents that come together each is before what was written behind both', async () => {
  const ada = await room()
  const early = content({ at: NOW + 10 * HOUR, seq: 2 })
  const later = content({ at: NOW + 20 * HOUR, parents: [early.message], seq: 3 })
  const child = content({ at: NOW, parents: [early.message, later.message], seq: 4 })
  await take(ada, child)
  await ada.chats.alone(CHAT, async () =>
    commitStaged(ada.context.store, [await ada.chats.stageMany([early, later])]),
  )
  const wanted = [early.message, later.message, child.message]
  expect(await order(ada)).toEqual(wanted)
  expect(await order({ ...ada, chats: openChats(ada.context, ADA) })).toEqual(wanted)
})

test('DEL-55 a parent that comes late is no head: what was written since names it already', async () => {
  const ada = await room()
  const first = content({ at: NOW - 5 })
  const second = content({ at: NOW - 4, parents: [first.message], seq: 2 })
  await take(ada, second, first)
  expect((await ada.chats.draft(CHAT, { kind: 'text', text: 'hi' })).content.parents).toEqual([
    second.message,
  ])
})

test('DEL-55 a parent of another chat, or none that exists, moves nothing', async () => {
  const ada = await room()
  const carol = directChatId(ADA, accountNamed('c'))
  const elsewhere = content({ chat: carol, at: NOW + 10 * HOUR })
  await ada.chats.alone(carol, async () =>
    commitStaged(ada.context.store, [await ada.chats.stage(elsewhere)]),
  )
  const one = content({ at: NOW, parents: [elsewhere.message, content({}).message] })
  const two = content({ at: NOW + 1, seq: 2 })
  await take(ada, one, two)
  expect(await order(ada)).toEqual([one.message, two.message])
})

test('DEL-5 E4 a content dated as far ahead as is taken pushes nobody’s clock', async () => {
  const ada = await room()
  await take(ada, content({ at: NOW + DAY }))
  const next = await ada.chats.draft(CHAT, { kind: 'text', text: 'hi' })
  expect(next.content.at).toBe(NOW)
  // Taken by a device whose clock is most of a day behind, and shown behind what it answers.
  await take(ada, next)
  expect((await order(ada)).at(-1)).toBe(next.message)
  const behind = await room(() => NOW - 23 * HOUR)
  expect(behind.chats.faultOf(next.content, ADA, BEN)).toBeUndefined()
})

test('DEL-5 E4 a clock that was a year ahead and goes back: what is written then is dated right, and stands last', async () => {
  let now = NOW + YEAR
  const ada = await room(() => now)
  for (const step of [0, -YEAR, -HOUR, -DAY]) {
    now += step
    const next = await ada.chats.draft(CHAT, { kind: 'text', text: `${step}` })
    expect(next.content.at - now).toBeLessThanOrEqual(HOUR)
    await take(ada, next)
    expect((await order(ada)).at(-1)).toBe(next.message)
  }
})
