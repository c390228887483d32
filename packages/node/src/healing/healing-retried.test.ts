import {
  createEvents,
  EPOCH_ID_BYTES,
  type ExchangesEvents,
  epochIdFromBytes,
  type RecordEvent,
} from '@kithmesh/sync'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import type { NodeEvents } from '../api/events.ts'
import { withoutHealed } from '../store/healed-damage.ts'
import type { Damage, Store } from '../store/store-types.ts'
import { type HealingParts, startHealing } from './healing.ts'

const SIBLING = deviceNamed('s')
const ACCOUNT = accountNamed('a')
const LOST: Damage = { kind: 'table', table: 'contents', expected: 1, found: 0, noticedAt: 1 }

/** A device that lost contents, with one record in its log and one sibling. */
async function damaged(
  given: {
    readonly takeIn?: HealingParts['takeIn']
    /** What else is noticed while it is mended. */
    readonly noticed?: readonly Damage[]
  } = {},
) {
  const said: string[] = []
  const logger = { debug: () => undefined, warn: (line: string) => void said.push(line) }
  const context = await openContext({ logger })
  onTestFinished(() => context.store.close())
  onTestFinished(() => context.stop())
  let damage: readonly Damage[] = [LOST]
  const store = {
    get damage() {
      return damage
    },
    commit: async () => undefined,
    countOf: async () => 0,
    forgetDamage: async (healed = damage) => {
      damage = withoutHealed(damage, healed)
    },
  } as Partial<Store> as Store
  const exchanges = createEvents<ExchangesEvents>()
  const events = createEvents<NodeEvents>()
  events.addEventListener('store:healed', () => said.push('healed'))
  const log = {
    holdings: () => [
      {
        ...{ device: context.device, lane: 'messages', stored: [{ from: 1, to: 1 }] },
        ...{ covered: [], tip: undefined },
      },
    ],
    readOpened: async function* () {
      yield record(context.device)
    },
  }
  const parts = {
    account: ACCOUNT,
    state: { exchanges: { events: exchanges }, log },
    logs: { devicesOf: () => [context.device, SIBLING] },
    closed: { readable: new Promise(() => undefined), places: async () => [] },
    takeIn: given.takeIn ?? (async () => []),
    mended: async () => {
      damage = [...damage, ...(given.noticed ?? [])]
    },
    events,
  } as unknown as HealingParts
  startHealing({ ...context, store }, parts)
  return {
    said,
    damage: () => damage,
    siblingCaughtUp: () => exchanges.emit('sibling:caught-up', { sibling: SIBLING }),
  }
}

function record(device: RecordEvent['record']['device']): RecordEvent {
  const nothing = new Uint8Array()
  const epoch = epochIdFromBytes(new Uint8Array(EPOCH_ID_BYTES))
  return {
    record: {
      ...{ device, lane: 'messages', seq: 1, epoch },
      ...{ prev: nothing, sealed: nothing, signature: nothing },
    },
    contents: [{ kind: 'content', body: Uint8Array.of(1) }],
  }
}

test('STO-49 STO-53 a replay that failed is tried again when a sibling is there, and then all is healed', async () => {
  let tries = 0
  const takeIn = async (): Promise<[]> => {
    tries += 1
    if (tries === 1) throw new Error('the disk is full')
    return []
  }
  const { said, damage, siblingCaughtUp } = await damaged({ takeIn })
  await expect.poll(() => said).toEqual(['the store is not healed yet'])
  siblingCaughtUp()
  await expect.poll(() => said).toEqual(['the store is not healed yet', 'healed'])
  expect(tries).toBe(2)
  expect(damage()).toEqual([])
})

test('STO-53 what is noticed while the rest is mended is not forgotten with it', async () => {
  const later: Damage = { ...LOST, table: 'records', noticedAt: 2 }
  const { said, damage, siblingCaughtUp } = await damaged({ noticed: [later] })
  siblingCaughtUp()
  await expect.poll(() => said).toEqual(['healed'])
  expect(damage()).toEqual([later])
})
