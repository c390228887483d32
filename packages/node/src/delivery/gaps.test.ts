/** Holes as they show, while siblings bring what they hold and behind it, and what they cost. */

import {
  type Content,
  contentCodec,
  type DeviceId,
  directChatId,
  messageIdOf,
} from '@kithmesh/protocol'
import { createEvents, type ExchangesEvents } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { createTime } from '../../../../test/scenarios/time.ts'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import type { MessageGap } from '../api/messages.ts'
import { openChats } from '../chats.ts'
import type { PeerEvents } from '../greeting/peers.ts'
import { commitStaged } from '../staged.ts'
import { watchCatchingUp } from './catching-up.ts'
import { type Gaps, startGaps } from './gaps.ts'
import { openNumbers } from './numbers.ts'

const [ADA, BEN] = [accountNamed('a'), accountNamed('b')]
const CHAT = directChatId(ADA, BEN)
const [BENS_PHONE, DESK, TABLET] = [deviceNamed('p'), deviceNamed('d'), deviceNamed('t')]
const WAIT = { timeout: 5_000, interval: 5 } as const

interface Watch {
  readonly gaps: Gaps
  /** Each `message:gap`, as `first-last`. */
  readonly told: string[]
  /** How often a content was read to show a hole with. */
  lookedUp(): number
  /** Contents of Ben's phone come, by whichever way. */
  arrive(...numbers: readonly number[]): Promise<void>
  /** A sibling says how much of what it holds is still to come. */
  progress(sibling: DeviceId, missing: number): void
  leave(sibling: DeviceId): void
  leap(ms: number): Promise<void>
}

/** Ada's device, which has known Ben's phone since before it wrote anything. */
async function watch(): Promise<Watch> {
  const time = createTime()
  const context = await openContext(time)
  const chats = openChats(context, ADA)
  const exchanges = { events: createEvents<ExchangesEvents>() }
  const peers = { events: createEvents<PeerEvents>() }
  const standing = (): never => ({ addedAt: 0 }) as never
  const told: string[] = []
  let lookedUp = 0
  const gaps = startGaps(
    context,
    {
      account: ADA,
      chats: {
        events: chats.events,
        get: (message) => {
          lookedUp += 1
          return chats.get(message)
        },
      },
      logs: { get: () => ({ devices: new Map([[BENS_PHONE, {}]]) }) as never, standing },
      numbers: openNumbers(context, { account: ADA, logs: { standing }, metAt: () => 0 }),
      contacts: () => [BEN],
      catchingUp: watchCatchingUp(context, { exchanges, peers }),
    },
    {
      emit: (name: string, detail: unknown) => {
        if (name === 'message:gap') told.push(textOf((detail as { gaps: MessageGap[] }).gaps))
      },
    } as never,
  )

  async function arriveOne(seq: number): Promise<void> {
    const content: Content = {
      chat: CHAT,
      author: { account: BEN, device: BENS_PHONE },
      seq,
      parents: [],
      at: 1_000 + seq,
      salt: new Uint8Array(16),
      body: { kind: 'text', text: `no ${seq}` },
    }
    const bytes = contentCodec.encode(content)
    const stored = { message: messageIdOf(bytes), content, bytes }
    await chats.alone(CHAT, async () => commitStaged(context.store, [await chats.stage(stored)]))
  }

  await settled()
  return {
    gaps,
    told,
    lookedUp: () => lookedUp,
    arrive: async (...numbers) => {
      for (const number of numbers) await arriveOne(number)
      await settled()
    },
    progress: (sibling, missing) => exchanges.events.emit('sibling:progress', { sibling, missing }),
    leave: (device) => peers.events.emit('peer:gone', { device, account: ADA }),
    leap: async (ms) => {
      time.leap(ms)
      await settled()
    },
  }
}

function textOf(gaps: readonly MessageGap[]): string {
  return gaps.map(({ first, last }) => `${first}-${last}`).join(' ')
}

/** What was begun is over: everything here is memory, and ends within some turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
}

test('DEL-59 a hole shows with the next message behind it, and is over when it is filled', async () => {
  const ada = await watch()
  await ada.arrive(1, 3)
  await expect.poll(() => ada.told, WAIT).toEqual(['2-2'])
  await ada.arrive(2)
  await expect.poll(() => ada.told, WAIT).toEqual(['2-2', ''])
})

test('DEL-59 while a sibling brings what it holds, in whatever order, nothing is taken for a hole', async () => {
  const ada = await watch()
  ada.progress(DESK, 4)
  // Records come newest first.
  await ada.arrive(5, 4)
  expect(await ada.gaps.of(BEN)).toEqual([])
  expect(await ada.gaps.openOf(BEN)).toEqual([])
  ada.progress(DESK, 2)
  await ada.arrive(3, 2, 1)
  ada.progress(DESK, 0)
  await ada.leap(0)
  expect([ada.told, await ada.gaps.of(BEN)]).toEqual([[], []])
})

test('DEL-59 what no sibling brought is a hole when they are done', async () => {
  const ada = await watch()
  ada.progress(DESK, 2)
  await ada.arrive(4, 1)
  expect(ada.told).toEqual([])
  ada.progress(DESK, 0)
  await expect.poll(() => ada.told, WAIT).toEqual(['2-3'])
  expect(textOf(await ada.gaps.of(BEN))).toBe('2-3')
})

test('DEL-59 a sibling that brings nothing for 30 s, or leaves, is not waited for', async () => {
  const ada = await watch()
  ada.progress(DESK, 9)
  ada.progress(TABLET, 9)
  await ada.arrive(1, 3)
  await ada.leap(20_000)
  ada.progress(TABLET, 8)
  // The desk has stalled by now, the tablet has not.
  await ada.leap(20_000)
  expect(ada.told).toEqual([])
  await ada.leap(9_000)
  expect(ada.told).toEqual([])
  await ada.leap(2_000)
  await expect.poll(() => ada.told, WAIT).toEqual(['2-2'])

  const other = await watch()
  other.progress(DESK, 9)
  await other.arrive(1, 3)
  expect(other.told).toEqual([])
  other.leave(DESK)
  await expect.poll(() => other.told, WAIT).toEqual(['2-2'])
})

test('DEL-59 B1 a contact that leaves out every second number makes nobody look up more than is shown', async () => {
  const ada = await watch()
  ada.progress(DESK, 1)
  await ada.arrive(...Array.from({ length: 400 }, (_, at) => 2 * at + 1))
  expect(ada.lookedUp()).toBe(0)
  ada.progress(DESK, 0)
  await expect.poll(() => ada.told.length, WAIT).toBe(1)
  expect(ada.told[0]?.split(' ')).toHaveLength(256)
  expect(ada.told[0]?.endsWith('798-798')).toBe(true)
  expect(ada.lookedUp()).toBeLessThanOrEqual(256)
})
