import {
  contentCodec,
  type DeviceCard,
  deviceCardCodec,
  directChatId,
  envelopeCodec,
  type MessageId,
  messageIdOf,
  ONE_TIME_CARD_LIFE_MS,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { createTime, type Time } from '../../../../test/scenarios/time.ts'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import { type Cards, openCards } from '../cards.ts'
import { type Chats, openChats, type StoredContent } from '../chats.ts'
import { commitStaged, type Staged, stagedOps } from '../staged.ts'
import { createInbox, type Inbox, type Sender } from './inbox.ts'
import { commitSealed, openSessions, type Sessions } from './sessions.ts'

const ADA = accountNamed('a')
const BEN = accountNamed('b')
const CHAT = directChatId(ADA, BEN)

/** What is said to the sender of what cannot be opened has tests of its own. */
const mending = { report: async () => undefined }

interface Side {
  readonly context: TestContext
  readonly cards: Cards
  readonly sessions: Sessions
  readonly chats: Chats
}

async function side(account: typeof ADA, time: Partial<Time>): Promise<Side> {
  const context = await openContext(time)
  const cards = await openCards(context)
  const sessions = openSessions(context, { account, cards, logs: await openDeviceLogs(context) })
  return { context, cards, sessions, chats: openChats(context, account) }
}

interface Pair {
  readonly ada: Side
  readonly ben: Side
  readonly inbox: Inbox
  /** A sibling of Ben's got it sooner, and brought it by the account log. */
  byLog(from: Sender): Promise<void>
  /** An envelope of Ada's for Ben's device, and who hands it over. */
  sealed(
    text: string,
    change?: Partial<StoredContent['content']>,
    oneTime?: DeviceCard,
  ): Promise<[Uint8Array, Sender]>
}

/** Ada's device writes, Ben's takes; `keep` is how his writes go. */
async function pair(
  keep: (
    arrived: readonly StoredContent[],
    alongside: readonly Staged[],
    ben: Side,
  ) => Promise<void> = (_, alongside, { context }) => commitStaged(context.store, alongside),
  time: Partial<Time> = {},
): Promise<Pair> {
  const [ada, ben] = [await side(ADA, time), await side(BEN, time)]
  const card = await ada.cards.stage(ben.context.device, ben.cards.own())
  await commitStaged(ada.context.store, card ? [card] : [])
  const inbox = createInbox(ben.context, {
    account: BEN,
    chats: ben.chats,
    sessions: ben.sessions,
    mending,
    keep: (arrived, alongside) => keep(arrived, alongside, ben),
  })
  const written = new Map<MessageId, StoredContent>()
  return {
    ada,
    ben,
    inbox,
    byLog: async ({ message }) => {
      const stored = written.get(message)
      if (!stored) throw new Error('it was written')
      await commitStaged(ben.context.store, [await ben.chats.stage(stored)])
    },
    sealed: async (text, change = {}, oneTime) => {
      const draft = await ada.chats.draft(CHAT, { kind: 'text', text })
      const bytes = contentCodec.encode({ ...draft.content, ...change })
      const to = { account: BEN, device: ben.context.device }
      const copy = await ada.sessions.seal(to, bytes, CHAT, oneTime)
      if (!copy) throw new Error('there is a card')
      const envelope = await commitSealed(ada.context.store, copy, () => stagedOps())
      const message = messageIdOf(bytes)
      written.set(message, draft)
      return [envelope, { account: ADA, device: ada.context.device, message }]
    },
  }
}

test('DEL-2 E2 an envelope is answered only when its content is on the disk', async () => {
  const disk = Promise.withResolvers<void>()
  const { inbox, sealed, ben } = await pair(async (_, alongside, { context }) => {
    await disk.promise
    await commitStaged(context.store, alongside)
  })
  const [envelope, from] = await sealed('hello')
  const order: string[] = []
  const note = (word: string) => (): void => void order.push(word)
  const first = inbox.take(envelope, from).then(note('first'))
  await expect.poll(() => ben.chats.has(from.message)).toBe(true)
  // The same over another stream: neither an ack nor "I have it" before the disk does.
  const second = inbox.take(envelope, from).then(note('second'))
  const asked = inbox.has(from.message, ADA).then(note('asked'))
  await new Promise(setImmediate)
  expect(order).toEqual([])
  disk.resolve()
  await Promise.all([first, second, asked])
  expect(order).toHaveLength(3)
})

test('SES-15 DEL-2 E2 when the write fails nothing is acknowledged, and the same envelope is taken again', async () => {
  let isFull = true
  const { inbox, sealed, ben } = await pair((_, alongside, { context }) => {
    const store = isFull ? { commit: () => Promise.reject(new Error('disk full')) } : context.store
    return commitStaged(store, alongside)
  })
  const [envelope, from] = await sealed('hello')
  await expect(inbox.take(envelope, from)).rejects.toThrow('full')
  expect(await inbox.has(from.message, ADA)).toBe(false)
  isFull = false
  expect(await inbox.take(envelope, from)).toEqual({ kind: 'accepted' })
  expect(await inbox.take(envelope, from)).toEqual({ kind: 'duplicate' })
  expect(await ben.chats.list(CHAT, {})).toHaveLength(1)
})

test('DEL-12 what is not for this device, not from who handed it over, or nothing at all, is refused', async () => {
  const { inbox, sealed, ada } = await pair()
  const [envelope, from] = await sealed('hello')
  const refusal = async (bytes: Uint8Array, by: Sender): Promise<unknown> => inbox.take(bytes, by)
  expect(await refusal(new Uint8Array(40), from)).toMatchObject({ reason: 'malformed' })
  const eve: Sender = { ...from, account: accountNamed('e') }
  expect(await refusal(envelope, eve)).toMatchObject({ reason: 'not-for-me' })
  const other = createInbox(ada.context, {
    account: ADA,
    chats: ada.chats,
    sessions: ada.sessions,
    mending,
    keep: () => Promise.reject(new Error('never')),
  })
  expect(await other.take(envelope, from)).toMatchObject({ reason: 'not-for-me' })
})

test('A4 MSG-4 DEL-12 a content that was sealed for another chat, or as a word about sessions, is none', async () => {
  const { inbox, sealed, ada, ben } = await pair()
  const { message, bytes } = await ada.chats.draft(CHAT, { kind: 'text', text: 'hello' })
  const to = { account: BEN, device: ben.context.device }
  const from: Sender = { account: ADA, device: ada.context.device, message }
  for (const scope of ['control', directChatId(ADA, accountNamed('c'))] as const) {
    const copy = await ada.sessions.seal(to, bytes, scope)
    if (!copy) throw new Error('there is a card')
    const envelope = await commitSealed(ada.context.store, copy, () => stagedOps())
    expect(await inbox.take(envelope, from)).toEqual({ kind: 'refused', reason: 'not-for-me' })
  }
  expect(await inbox.take(...(await sealed('as it should be')))).toEqual({ kind: 'accepted' })
})

test('MSG-4 DEL-12 B3 a content that is not what its envelope promised is refused, and the session goes on', async () => {
  const { inbox, sealed, ben } = await pair()
  const elsewhere = await sealed('for another chat', {
    chat: directChatId(ADA, accountNamed('c')),
  })
  expect(await inbox.take(...elsewhere)).toEqual({ kind: 'refused', reason: 'content-chat' })
  const inBensName = await sealed('as Ben', {
    author: { account: BEN, device: ben.context.device },
  })
  expect(await inbox.take(...inBensName)).toEqual({ kind: 'refused', reason: 'content-author' })
  const [ahead, from] = await sealed('from the future', { at: Date.now() + 25 * 60 * 60 * 1000 })
  expect(await inbox.take(ahead, from)).toEqual({ kind: 'refused', reason: 'content-clock' })
  const [renamed, sender] = await sealed('under another id')
  const message: MessageId = from.message
  expect(await inbox.take(renamed, { ...sender, message })).toEqual({
    kind: 'refused',
    reason: 'content-id',
  })
  expect(await inbox.take(...(await sealed('as it should be')))).toEqual({ kind: 'accepted' })
})

test('DEL-64 A4 nobody learns by an offer or an envelope what is here of another chat', async () => {
  const { inbox, sealed, ben } = await pair()
  const [envelope, from] = await sealed('between Ada and Ben')
  expect(await inbox.take(envelope, from)).toEqual({ kind: 'accepted' })
  expect(await inbox.has(from.message, ADA)).toBe(true)
  // Eve has heard of the id, as from a device of Ada's that was stolen.
  const eve: Sender = { ...from, account: accountNamed('e'), device: (await openContext()).device }
  expect(await inbox.has(from.message, eve.account)).toBe(false)
  expect(await inbox.take(envelope, eve)).toEqual({ kind: 'refused', reason: 'not-for-me' })
  expect(await inbox.take(new Uint8Array(40), eve)).toMatchObject({ reason: 'malformed' })
  expect(await ben.chats.list(CHAT, {})).toHaveLength(1)
})

test('MSG-4 what a sibling of its author hands over is taken', async () => {
  const { inbox, sealed, ben } = await pair()
  const phone = (await openContext()).device
  const author = { account: ADA, device: phone }
  expect(await inbox.take(...(await sealed('from the phone', { author })))).toEqual({
    kind: 'accepted',
  })
  expect((await ben.chats.list(CHAT, {})).map(({ content }) => content.author)).toEqual([author])
})

test('SES-15 DEL-10 an envelope whose key is used up but whose message is not here cannot be opened', async () => {
  const { inbox, sealed } = await pair()
  const [ahead, from] = await sealed('from the future', { at: Date.now() + 25 * 60 * 60 * 1000 })
  expect(await inbox.take(ahead, from)).toMatchObject({ reason: 'content-clock' })
  expect(await inbox.take(ahead, from)).toEqual({ kind: 'refused', reason: 'cannot-open' })
})

test('SES-24 DEL-11 SES-41 a message that a sibling brought before begins its session all the same', async () => {
  const time = createTime()
  const { ada, ben, inbox, sealed, byLog } = await pair(undefined, time)
  const card = await ben.sessions.giveCard(ada.context.device)
  const [first, from] = await sealed('one', {}, deviceCardCodec.decode(card ?? new Uint8Array()))
  await byLog(from)
  expect(await inbox.take(first, from)).toEqual({ kind: 'duplicate' })
  expect(await inbox.take(first, from)).toEqual({ kind: 'duplicate' })
  // The secrets of the one-time card are gone by now, or were at the first use.
  time.leap(ONE_TIME_CARD_LIFE_MS + 1)
  expect(await inbox.take(...(await sealed('two')))).toEqual({ kind: 'accepted' })
  expect(await ben.chats.list(CHAT, {})).toHaveLength(2)
})

test('SES-12 DEL-11 a chain goes on when more of it came by siblings than may be skipped', async () => {
  const { inbox, sealed, byLog } = await pair()
  for (let number = 1; number <= 1_001; number++) {
    const [envelope, from] = await sealed(`no ${number}`)
    await byLog(from)
    expect(await inbox.take(envelope, from)).toEqual({ kind: 'duplicate' })
  }
  expect(await inbox.take(...(await sealed('the next')))).toEqual({ kind: 'accepted' })
})

test('DEL-23 SES-11 SES-41 E2 no step reaches the disk before the content that the step before it opened', async () => {
  const opening = Promise.withResolvers<void>()
  // As the account log does it: the record is sealed before the batch is handed over.
  const { ada, ben, inbox, sealed } = await pair(async (_, alongside, { context }) => {
    await opening.promise
    await commitStaged(context.store, alongside)
  })
  const card = await ben.cards.stage(ada.context.device, ada.cards.own())
  await commitStaged(ben.context.store, card ? [card] : [])
  const [one, two] = [await sealed('one'), await sealed('two')]
  const [ahead, from] = await sealed('ahead', { at: Date.now() + 25 * 60 * 60 * 1000 })
  const order: string[] = []
  const note = (word: string) => (): void => void order.push(word)
  const taken = [inbox.take(...one).then(note('one')), inbox.take(...two).then(note('two'))]
  // A refusal and a sealing are written at once: they wait for the contents before.
  taken.push(inbox.take(ahead, from).then(note('refused')))
  const sealing = ben.chats.alone(CHAT, async () => {
    const to = { account: ADA, device: ada.context.device }
    await ben.sessions.handedOver(to.device)
    const own = await ben.sessions.seal(to, Uint8Array.of(1), CHAT)
    if (!own) throw new Error('there is a card')
    await commitSealed(ben.context.store, own, () => stagedOps())
    order.push('sealed')
  })
  await expect.poll(() => ben.chats.has(two[1].message)).toBe(true)
  // The process would end here: on the disk is neither a content nor a step.
  expect(await ben.context.tables.sessions.get(ada.context.device)).toBeUndefined()
  expect(order).toEqual([])
  opening.resolve()
  await Promise.all([...taken, sealing])
  expect([...order].sort()).toEqual(['one', 'refused', 'sealed', 'two'])
  expect(await ben.chats.list(CHAT, {})).toHaveLength(2)
})

test('DEL-23 SES-11 SES-41 E2 a batch holds the step of its own content, and not the next one', async () => {
  const written: (() => Promise<void>)[] = []
  const { ben, inbox, sealed } = await pair(
    (_, alongside, { context }) =>
      new Promise<void>((resolve, reject) => {
        written.push(() => commitStaged(context.store, alongside).then(resolve, reject))
      }),
  )
  const [one, two] = [await sealed('one'), await sealed('two')]
  void inbox.take(...one)
  void inbox.take(...two)
  await expect.poll(() => written.length).toBe(2)
  await written[0]?.()
  // The process ends here: the same disk, new memory.
  const cards = await openCards(ben.context)
  const logs = await openDeviceLogs(ben.context)
  const again = openSessions(ben.context, { account: BEN, cards, logs })
  expect((await again.open(envelopeCodec.decode(two[0]))).kind).toBe('opened')
  expect((await again.open(envelopeCodec.decode(one[0]))).kind).toBe('cannot-open')
  expect(await openChats(ben.context, BEN).has(two[1].message)).toBe(false)
  await written[1]?.()
})

test('DEL-66 DEL-10 what comes together is one batch that writes the session once; the refused are told in their places', async () => {
  const batches: number[] = []
  const { ada, ben, inbox, sealed } = await pair((arrived, alongside, { context }) => {
    batches.push(arrived.length)
    return commitStaged(context.store, alongside)
  })
  const [one, two, three] = [await sealed('one'), await sealed('two'), await sealed('three')]
  const ahead = await sealed('ahead', { at: Date.now() + 25 * 60 * 60 * 1000 })
  const given = [one, ahead, two, one, [new Uint8Array(40), ahead[1]] as const, three]
  const arrivals = await inbox.takeAll(
    given.map(([envelope, { message }]) => ({ id: message, envelope })),
    { account: ADA, device: ada.context.device },
  )
  const words = arrivals.map((one) => (one.kind === 'refused' ? one.reason : one.kind))
  const expected = ['accepted', 'content-clock', 'accepted', 'duplicate', 'malformed', 'accepted']
  expect(words).toEqual(expected)
  expect(batches).toEqual([3])
  expect(await ben.chats.list(CHAT, {})).toHaveLength(3)
  // The session on the disk is behind all of them: none opens a second time.
  const again = openSessions(ben.context, {
    account: BEN,
    cards: await openCards(ben.context),
    logs: await openDeviceLogs(ben.context),
  })
  for (const [envelope] of [one, two, three, ahead]) {
    expect((await again.open(envelopeCodec.decode(envelope))).kind).toBe('cannot-open')
  }
})
