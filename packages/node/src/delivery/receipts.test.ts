import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ContentBody, type MessageId, messageIdFromBytes } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { commitStaged } from '../staged.ts'
import { type MayTell, type Receipts, startReceipts } from './receipts.ts'
import type { Write } from './writing.ts'

const BEN = accountNamed('b')

/** Timers that a test runs one after another; time stands still between them. */
interface HandTime {
  now(): number
  readonly scheduler: TestContext['scheduler']
  waiting(): number
  /** Waits for a timer to be set, and lets its time come. */
  next(): Promise<void>
}

function handTime(): HandTime {
  let now = 0
  const timers = new Set<{ readonly due: number; readonly run: () => void }>()
  return {
    now: () => now,
    scheduler: {
      schedule: (ms, run) => {
        const timer = { due: now + ms, run }
        timers.add(timer)
        return () => void timers.delete(timer)
      },
    },
    waiting: () => timers.size,
    next: async () => {
      await expect.poll(() => timers.size, { interval: 1 }).toBeGreaterThan(0)
      const [first] = [...timers].sort((a, b) => a.due - b.due)
      if (!first) return
      timers.delete(first)
      now = first.due
      first.run()
    },
  }
}

/** A receipt as it was written, and when. */
interface Told {
  readonly at: number
  readonly messages: readonly MessageId[]
}

interface Stage {
  readonly context: TestContext
  readonly time: HandTime
  readonly receipts: Receipts
  readonly told: readonly Told[]
  may: MayTell
  /** How many of the next writes fail. */
  failing: number
  owe(from: number, to: number): Promise<void>
  owed(): Promise<number>
}

async function stage({ home, may = 'yes' }: { home?: string; may?: MayTell } = {}): Promise<Stage> {
  const time = handTime()
  const context = await openContext({ scheduler: time.scheduler, ...(home ? { home } : {}) })
  const told: Told[] = []
  const write: Write = async (to, body, alongside) => {
    if (at.failing > 0) {
      at.failing -= 1
      throw new Error('the disk is full')
    }
    const stored = { message: idOf(0), content: contentOf(body), bytes: new Uint8Array() }
    await commitStaged(context.store, alongside(stored))
    expect(to).toBe(BEN)
    told.push({ at: time.now(), messages: body.kind === 'read' ? body.messages : [] })
    return stored
  }
  const receipts = startReceipts(context, { write, mayTell: () => at.may })
  const at: Stage = {
    context,
    time,
    receipts,
    told,
    may,
    failing: 0,
    owe: (from, to) =>
      commitStaged(context.store, [
        receipts.stageOwed(
          BEN,
          Array.from({ length: to - from + 1 }, (_, index) => idOf(from + index)),
        ),
      ]),
    owed: async () => {
      let count = 0
      for await (const _ of context.tables.owedReceipts.entries()) count += 1
      return count
    },
  }
  return at
}

function idOf(number: number): MessageId {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return messageIdFromBytes(bytes)
}

function contentOf(body: ContentBody): Parameters<Parameters<Write>[2]>[0]['content'] {
  const author = { account: accountNamed('a'), device: BEN as never }
  const salt = new Uint8Array(16)
  return { chat: BEN as never, author, seq: 1, parents: [], at: 0, salt, body }
}

describe('B5 read receipts', () => {
  test('DEL-48 B5 a thousand shown at once: four receipts, each a second or more after the one before', async () => {
    const { time, owe, told, owed } = await stage()
    await owe(1, 1000)
    while (told.length < 4) await time.next()
    expect(told.map(({ messages }) => messages.length)).toEqual([256, 256, 256, 232])
    expect(new Set(told.flatMap(({ messages }) => messages)).size).toBe(1000)
    const gaps = told.map(({ at }, index) => at - (told[index - 1]?.at ?? 0))
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(1_000)
      expect(gap).toBeLessThan(3_000)
    }
    // Four times the same of 2,000 ms is no chance.
    expect(new Set(gaps).size).toBeGreaterThan(1)
    expect(await owed()).toBe(0)
  })

  test('DEL-48 B5 messages that are shown one by one go together, however fast they are shown', async () => {
    const { time, owe, told } = await stage()
    for (let number = 1; number <= 50; number++) await owe(number, number)
    expect(told).toEqual([])
    await time.next()
    await expect.poll(() => told.length).toBe(1)
    expect(told[0]?.messages).toHaveLength(50)
    await time.next()
    await expect.poll(() => time.waiting()).toBe(0)
    expect(told).toHaveLength(1)
  })

  test('DEL-47 B5 switched off, or no contact any more: nobody is told, and nothing is owed', async () => {
    const at = await stage({ may: 'never' })
    await at.owe(1, 300)
    await at.time.next()
    await at.time.next()
    await expect.poll(at.owed).toBe(0)
    at.may = 'yes'
    at.receipts.reconsider()
    expect(at.told).toEqual([])
  })

  test('DEL-49 to a new account that nobody has accepted: not before it is', async () => {
    const at = await stage({ may: 'later' })
    await at.owe(1, 3)
    expect(at.time.waiting()).toBe(0)
    expect(await at.owed()).toBe(3)
    at.may = 'yes'
    at.receipts.reconsider()
    await at.time.next()
    await expect.poll(() => at.told.length).toBe(1)
    expect(at.told[0]?.messages).toHaveLength(3)
  })

  test('DEL-46 a receipt that could not be written is written later', async () => {
    const at = await stage()
    at.failing = 1
    await at.owe(1, 2)
    await at.time.next()
    while (at.told.length === 0) await at.time.next()
    expect(at.told[0]?.messages).toHaveLength(2)
  })

  test('DEL-46 what was owed when the device stopped is told by the next start', async () => {
    const home = await mkdtemp(join(tmpdir(), 'kith-receipts-'))
    const before = await stage({ home })
    await before.owe(1, 2)
    before.context.stop()
    await before.context.store[Symbol.asyncDispose]()
    const after = await stage({ home })
    await after.time.next()
    await expect.poll(() => after.told.length).toBe(1)
    expect(after.told[0]?.messages).toHaveLength(2)
  })

  test('DEL-49 what a sibling has told is owed no more', async () => {
    const { context, time, owe, told, receipts, owed } = await stage()
    await owe(1, 2)
    await commitStaged(context.store, [receipts.stageTold(BEN, [idOf(1), idOf(2)])])
    await time.next()
    await expect.poll(() => time.waiting()).toBe(0)
    expect(await owed()).toBe(0)
    expect(told).toEqual([])
  })
})
