import {
  createDeviceCard,
  createKeyPair,
  deviceCardCodec,
  deviceIdFromPublicKey,
  directChatId,
  envelopeCodec,
  KithError,
  signerFromSeed,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import { openCards } from '../cards.ts'
import { type Chats, openChats } from '../chats.ts'
import { commitStaged } from '../staged.ts'
import type { Op, Store } from '../store/store-types.ts'
import { type OutboxEntry, openOutbox } from './outbox.ts'
import { createPageSealing } from './page-sealing.ts'
import { openSessions, type Sessions } from './sessions.ts'

const [ADA, BEN] = [accountNamed('a'), accountNamed('b')]
const SIGNER = signerFromSeed(new Uint8Array(32).fill(3))
const PHONE = deviceIdFromPublicKey(SIGNER.publicKey)
const CHAT = directChatId(ADA, BEN)

/** A device of Ada's with unsealed messages for Ben's phone, whose card is here. */
async function desk(count: number, { failsAt }: { readonly failsAt?: number } = {}) {
  const context = await openContext()
  const batches: (readonly Op[])[] = []
  const store: Store = {
    ...context.store,
    commit: (ops, options) => {
      batches.push(ops)
      return context.store.commit(ops, options)
    },
  }
  const ada = { ...context, store }
  const logs = await openDeviceLogs(ada)
  const cards = await openCards(ada)
  const identityKey = await createKeyPair(ada)
  const { card } = await createDeviceCard({ signer: SIGNER, identityKey, number: 1 }, ada)
  const staged = await cards.stage(PHONE, deviceCardCodec.encode(card))
  await commitStaged(store, staged ? [staged] : [])
  const chats = openChats(ada, ADA)
  const outbox = await openOutbox(ada)
  for (let number = 1; number <= count; number++) {
    const stored = await chats.draft(CHAT, { kind: 'text', text: `no ${number}` })
    const waits = outbox.stageAdd({ recipient: PHONE, message: stored.message })
    await commitStaged(store, [await chats.stage(stored), waits])
  }
  const sessions = openSessions(ada, { account: ADA, logs, cards })
  let sealed = 0
  const counted: Sessions = {
    ...sessions,
    sealAll: async (...input) => {
      const before = sealed
      sealed += input[1].length
      const fails = failsAt !== undefined && before < failsAt && failsAt <= sealed
      const copies = fails ? input[1].slice(0, failsAt - 1) : input[1]
      const done = await sessions.sealAll(input[0], copies, input[2])
      if (fails) throw new Error('no more')
      return done
    },
  }
  let isIn = true
  const spoiltPlaces = new Set<number>()
  let got = 0
  const spoilt: Pick<Chats, 'get' | 'getMany' | 'alone'> = {
    ...chats,
    getMany: async (messages) => {
      if (spoiltPlaces.size === 0) return chats.getMany(messages)
      throw new KithError('ERR_STORE_CORRUPT', 'one of them is spoilt')
    },
    get: async (message) => {
      if (!spoiltPlaces.has(got++)) return chats.get(message)
      throw new KithError('ERR_STORE_CORRUPT', 'spoilt')
    },
  }
  const sealing = createPageSealing(
    ada,
    { account: ADA, outbox, chats: spoilt, sessions: counted },
    {
      recipient: { account: BEN, device: PHONE },
      asking: { card: async () => undefined },
      requireIn: () => {
        if (!isIn) throw new Error('out')
      },
      onNoCard: () => undefined,
    },
  )
  const page = (): Promise<readonly OutboxEntry[]> => outbox.pageFor(PHONE, 0, 256)
  batches.length = 0
  return {
    context: ada,
    outbox,
    sealing,
    page,
    batches,
    sealedCount: () => sealed,
    spoil: (place: number) => spoiltPlaces.add(place),
    putOut: () => {
      isIn = false
    },
  }
}

test('DEL-29 SES-11 a page is sealed in one batch that writes the session once, with all envelopes', async () => {
  const { context, sealing, page, batches } = await desk(10)
  const sent = await sealing.envelopesOf(await page())
  expect(batches).toHaveLength(1)
  const tables = batches[0]?.map(({ table }) => table) ?? []
  expect(tables.filter((table) => table === 'sessions')).toHaveLength(1)
  expect(tables.filter((table) => table === 'outbox')).toHaveLength(10)
  // In their order, each at its own place of the chain: the session on the disk is behind the last one.
  const numbers = sent.map(({ envelope }) => envelopeCodec.decode(envelope).header.number)
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  expect(new Set(numbers).size).toBe(10)
  expect(await context.tables.sessions.get(PHONE)).toBeDefined()
  // A crash resends the same bytes.
  expect((await page()).map(({ envelope }) => envelope)).toEqual(
    sent.map(({ envelope }) => envelope),
  )
  expect(await sealing.envelopesOf(await page())).toHaveLength(10)
  expect(batches).toHaveLength(1)
})

test('DEL-28 what a sibling handed over meanwhile is not sealed', async () => {
  const { outbox, sealing, page, sealedCount, context } = await desk(3)
  const entries = await page()
  const reached = entries.slice(0, 2).map(({ message }) => ({ message, device: PHONE }))
  await commitStaged(context.store, [outbox.stageReached(reached)])
  const sent = await sealing.envelopesOf(entries)
  expect(sent.map(({ entry }) => entry.message)).toEqual([entries[2]?.message])
  expect(sealedCount()).toBe(1)
})

test('SES-11 when sealing fails in the middle nothing of the page is written, and the next attempt begins from the disk', async () => {
  const { context, sealing, page, batches } = await desk(3, { failsAt: 3 })
  await expect(sealing.envelopesOf(await page())).rejects.toThrow('no more')
  expect(batches).toEqual([])
  expect(await context.tables.sessions.get(PHONE)).toBeUndefined()
  expect((await page()).every(({ envelope }) => envelope === undefined)).toBe(true)
  const sent = await sealing.envelopesOf(await page())
  const numbers = sent.map(({ envelope }) => envelopeCodec.decode(envelope).header.number)
  expect(numbers).toEqual([0, 1, 2])
})

test('DEL-22 for a device that went out nothing is sealed', async () => {
  const { sealing, page, putOut, sealedCount } = await desk(2)
  putOut()
  await expect(sealing.envelopesOf(await page())).rejects.toThrow('out')
  expect(sealedCount()).toBe(0)
})

test('DEL-4 E2 a content that the disk spoilt holds up none behind it', async () => {
  const { sealing, page, spoil } = await desk(3)
  const entries = await page()
  spoil(1)
  const sent = await sealing.envelopesOf(entries)
  expect(sent.map(({ entry }) => entry.order)).toEqual(
    [entries[0], entries[2]].map((entry) => entry?.order),
  )
})
