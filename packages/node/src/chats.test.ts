import {
  type Content,
  contentCodec,
  directChatId,
  type MessageId,
  messageIdOf,
} from '@kithmesh/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../test/context.ts'
import { accountNamed, deviceNamed } from '../test/people.ts'
import { type Chats, openChats, type StoredContent } from './chats.ts'
import { commitStaged } from './staged.ts'

const ADA = accountNamed('a')
const BEN = accountNamed('b')
const CHAT = directChatId(ADA, BEN)
const BENS_PHONE = deviceNamed('p')
const DAY_MS = 24 * 60 * 60 * 1000

interface Room {
  readonly chats: Chats
  readonly context: TestContext
  /** Sets the wall clock. */
  at(now: number): void
}

/** Ada's chats, with a clock the test sets. */
async function room(): Promise<Room> {
  let now = 1_000
  const context = await openContext({ clock: { now: () => now, monotonic: () => now } })
  return {
    chats: openChats(context, ADA),
    context,
    at: (value) => {
      now = value
    },
  }
}

function text(words: string): Content['body'] {
  return { kind: 'text', text: words }
}

/** Writes one content of Ada's. */
async function write({ chats, context }: Room, words = 'hello'): Promise<StoredContent> {
  return chats.alone(CHAT, async () => {
    const stored = await chats.draft(CHAT, text(words))
    await commitStaged(context.store, [await chats.stage(stored)])
    return stored
  })
}

/** A content of Ben's, as it comes out of an envelope. */
function fromBen(fields: Partial<Content> = {}): StoredContent {
  const salt = new Uint8Array(16)
  const author = { account: BEN, device: BENS_PHONE }
  const body = text('hi')
  const content = { chat: CHAT, author, seq: 1, parents: [], at: 500, salt, body, ...fields }
  const bytes = contentCodec.encode(content)
  return { message: messageIdOf(bytes), content, bytes }
}

async function take({ chats, context }: Room, stored: StoredContent): Promise<void> {
  await chats.alone(CHAT, async () => commitStaged(context.store, [await chats.stage(stored)]))
}

test('DEL-5 E4 the time of a content is after all that was seen, whatever the clock says', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('clock' as const), now: fc.integer({ min: 0, max: 9_000 }) }),
      fc.record({ kind: fc.constant('write' as const) }),
      fc.record({ kind: fc.constant('take' as const), at: fc.integer({ min: 0, max: 9_000 }) }),
    ),
    { maxLength: 20 },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const ada = await room()
      let newest = -1
      let written = 0
      for (const [index, step] of given.entries()) {
        if (step.kind === 'clock') ada.at(step.now)
        else if (step.kind === 'take') {
          const salt = new Uint8Array(16).fill(index)
          await take(ada, fromBen({ at: step.at, seq: index + 1, salt }))
          newest = Math.max(newest, step.at)
        } else {
          const { content } = await write(ada)
          expect(content.at).toBeGreaterThan(newest)
          expect(content.seq).toBe(++written)
          newest = content.at
        }
      }
      await ada.context.store.close()
    }),
    { numRuns: 25 },
  )
})

test('DEL-6 contents are listed by hybrid time, oldest first; a limit keeps the newest', async () => {
  const ada = await room()
  const late = fromBen({ at: 3_000, seq: 2 })
  const early = fromBen({ at: 1_500, seq: 1 })
  const own = await write(ada)
  await take(ada, late)
  await take(ada, early)
  const ids = async (limit?: number): Promise<readonly MessageId[]> =>
    (await ada.chats.list(CHAT, limit === undefined ? {} : { limit })).map(({ message }) => message)
  expect(await ids()).toEqual([own.message, early.message, late.message])
  expect(await ids(2)).toEqual([early.message, late.message])
})

test('DEL-6 a content counts its own device only, and names what nobody named as parent yet', async () => {
  const ada = await room()
  const first = await write(ada)
  const second = await write(ada)
  expect(second.content).toMatchObject({ seq: 2, parents: [first.message] })
  const bens = fromBen({ seq: 7, at: 2_000 })
  await take(ada, bens)
  const third = await write(ada)
  expect(third.content.seq).toBe(3)
  expect(third.content.parents).toEqual([second.message, bens.message])
})

test('DEL-6 at most 16 parents: the newest of more heads, and the chat goes on', async () => {
  const ada = await room()
  const heads = Array.from({ length: 20 }, (_, at) => fromBen({ seq: at + 1, at: 2_000 + at }))
  for (const head of heads) await take(ada, head)
  const joined = await write(ada)
  expect(joined.content.parents).toEqual(heads.slice(4).map(({ message }) => message))
  expect((await write(ada)).content.parents).toEqual([joined.message])
})

test('DEL-6 numbers, heads and clock go on after the device was started again', async () => {
  const ada = await room()
  const first = await write(ada)
  await take(ada, fromBen({ at: 5_000 }))
  const again: Room = { ...ada, chats: openChats(ada.context, ADA) }
  const next = await write(again)
  expect(next.content).toMatchObject({ seq: 2, at: 5_001 })
  expect(next.content.parents).toContain(first.message)
})

test('DEL-7 E4 a content dated more than 24 h ahead of this clock is refused', async () => {
  const ada = await room()
  ada.at(1_000_000)
  const faultAt = (at: number): unknown => ada.chats.faultOf(fromBen({ at }).content, BEN, ADA)
  expect(faultAt(1_000_000 + DAY_MS)).toBeUndefined()
  expect(faultAt(1_000_000 + DAY_MS + 1)).toBe('clock')
  expect(faultAt(0)).toBeUndefined()
})

test('DEL-12 B3 a content of another chat, or in another’s name, is refused', async () => {
  const { chats } = await room()
  const elsewhere = fromBen({ chat: directChatId(BEN, accountNamed('c')) })
  expect(chats.faultOf(elsewhere.content, BEN, ADA)).toBe('chat')
  const asAda = fromBen({ author: { account: ADA, device: BENS_PHONE } })
  expect(chats.faultOf(asAda.content, BEN, ADA)).toBe('author')
})

test('NODE-1 a staged content is there for whoever asks again, and gone when its write fails', async () => {
  const ada = await room()
  const first = await write(ada)
  const lost = await ada.chats.draft(CHAT, text('lost'))
  const staged = await ada.chats.stage(lost)
  expect(await ada.chats.has(lost.message)).toBe(true)
  expect(await ada.chats.get(lost.message)).toBeUndefined()
  staged.discard?.()
  expect(await ada.chats.has(lost.message)).toBe(false)
  const next = await write(ada)
  expect(next.content).toMatchObject({ seq: 2, parents: [first.message] })
})
