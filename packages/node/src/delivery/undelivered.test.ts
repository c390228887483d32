import { contentCodec, type DeviceId, directChatId, messageIdOf } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { ADA, BEN, LAPTOP, PHONE, SIBLING } from '../../test/mail-desk.ts'
import type { StoredContent } from '../chats.ts'
import { commitStaged } from '../staged.ts'
import type { Entitlement } from './entitlement.ts'
import { openUndelivered, UNDELIVERED_LIFE_MS } from './undelivered.ts'

const CHAT = directChatId(ADA, BEN)
const DEVICES = [PHONE, LAPTOP]
/** All have to get everything. */
const entitlement = {
  isDone: ({ reached }: { readonly reached: readonly string[] }) =>
    DEVICES.every((device) => reached.includes(device)),
  lacking: ({ reached }: { readonly reached: readonly DeviceId[] }) =>
    DEVICES.filter((device) => !reached.includes(device)),
} as unknown as Entitlement

async function index() {
  const context = await openContext()
  const undelivered = await openUndelivered(context, { account: ADA, entitlement })
  return { ...context, context, undelivered, now: context.clock.now() }
}

function content(number: number, at: number, kind: 'text' | 'read' = 'text'): StoredContent {
  const body = kind === 'text' ? { kind, text: `no ${number}` } : { kind, messages: [] }
  const salt = new Uint8Array(16).fill(number % 256)
  const author = { account: ADA, device: SIBLING }
  const made = {
    chat: CHAT,
    author,
    seq: number,
    parents: [],
    at,
    salt,
    body,
  } as StoredContent['content']
  const bytes = contentCodec.encode(made)
  return { message: messageIdOf(bytes), content: made, bytes }
}

test('DEL-24 what is not written does not wait, nor is it told of', async () => {
  const { undelivered, store, now } = await index()
  const told: string[] = []
  undelivered.events.addEventListener('undelivered:changed', ({ detail }) =>
    told.push(detail.message),
  )
  await store.close()
  const one = content(1, now)
  await expect(commitStaged(store, [undelivered.stageAdd(one)])).rejects.toThrow()
  expect([undelivered.isWaiting(one.message), undelivered.size(), told]).toEqual([false, 0, []])
})

test('DEL-28 records of who has it may come in one batch with it, or be on their way before it', async () => {
  const { undelivered, store, tables, now } = await index()
  const [one, two] = [content(1, now), content(2, now)]
  const all = (message: StoredContent['message']) => DEVICES.map((device) => ({ message, device }))
  // The word of it behind the content, and before.
  const added = await undelivered.stageArrived([one])
  const reachedOne = await undelivered.stageReached(all(one.message))
  await commitStaged(store, [...added, reachedOne])
  const reachedTwo = await undelivered.stageReached(all(two.message))
  await commitStaged(store, [reachedTwo, ...(await undelivered.stageArrived([two]))])
  expect(undelivered.size()).toBe(0)
  const left = []
  for await (const [key] of tables.undelivered.entries()) left.push(key)
  expect(left).toEqual([])
})

test('DEL-28 a word that is not written takes nothing out', async () => {
  const { undelivered, store, now } = await index()
  const one = content(1, now)
  await commitStaged(store, [undelivered.stageAdd(one)])
  const staged = await undelivered.stageReached(
    DEVICES.map((device) => ({ message: one.message, device })),
  )
  staged.ops()
  staged.discard?.()
  expect(undelivered.isWaiting(one.message)).toBe(true)
  await commitStaged(store, [
    await undelivered.stageReached([{ message: one.message, device: PHONE }]),
  ])
  expect(undelivered.isWaiting(one.message)).toBe(true)
})

test('DEL-24 a content that is said again waits once', async () => {
  const { undelivered, store, now } = await index()
  const one = content(1, now)
  for (let turn = 0; turn < 3; turn++) {
    await commitStaged(store, await undelivered.stageArrived([one]))
  }
  expect([undelivered.size(), undelivered.inOrder(CHAT)]).toMatchObject([
    1,
    [{ message: one.message }],
  ])
})

test('DEL-31 DEL-15 so many may wait for a contact, receipts beside them; also after a restart', async () => {
  const { store, context, now } = await index()
  const limit = 300
  const undelivered = await openUndelivered(context, { account: ADA, entitlement, limit })
  const numbers = Array.from({ length: limit - 1 }, (_, at) => at + 1)
  const receipt = content(30_000, now, 'read')
  await commitStaged(store, [
    // Newest first, as the account log brings them.
    ...numbers
      .toReversed()
      .map((number) => undelivered.stageAdd(content(number, now + (number >> 2)))),
    undelivered.stageAdd(receipt),
  ])
  undelivered.requireRoom(BEN)
  await commitStaged(store, [undelivered.stageAdd(content(limit, now + 5_000))])
  expect(() => undelivered.requireRoom(BEN)).toThrowError(
    expect.objectContaining({ code: 'ERR_OUTBOX_FULL', hint: expect.stringContaining('300') }),
  )
  expect([undelivered.countFor(BEN), undelivered.size()]).toEqual([limit, limit])

  const again = await openUndelivered(context, { account: ADA, entitlement, limit })
  expect([again.countFor(BEN), again.isWaiting(receipt.message)]).toEqual([limit, true])
  expect(() => again.requireRoom(BEN)).toThrow()
  const order = again.inOrder(CHAT).filter(({ isReceipt }) => !isReceipt)
  expect(order.map(({ seq }) => seq)).toEqual([...numbers, limit])
  await commitStaged(store, [again.stageRemove(order.slice(0, 200))])
  expect(again.countFor(BEN)).toBe(limit - 200)
  again.requireRoom(BEN)
})

test('DEL-30 a content says when it ends, and whether it ended before all had it', async () => {
  const { undelivered, now, tables, store } = await index()
  const old = content(1, now - UNDELIVERED_LIFE_MS - 1)
  const young = content(2, now)
  expect(undelivered.expiresAt(young.content)).toBe(now + UNDELIVERED_LIFE_MS)
  expect([await undelivered.hasEnded(old), await undelivered.hasEnded(young)]).toEqual([
    true,
    false,
  ])
  await store.commit(DEVICES.map((device) => tables.reached.put([old.message, device], true)))
  expect(await undelivered.hasEnded(old)).toBe(false)
})
