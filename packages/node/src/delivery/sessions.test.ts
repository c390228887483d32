import {
  type DeviceCard,
  deviceCardCodec,
  directChatId,
  type Envelope,
  envelopeCodec,
} from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import { openCards } from '../cards.ts'
import { commitStaged, stagedOps } from '../staged.ts'
import { commitSealed, openSessions, type SealedCopy, type Sessions } from './sessions.ts'

const CHAT = directChatId(accountNamed('a'), accountNamed('b'))

interface Side {
  readonly context: TestContext
  readonly sessions: Sessions
  /** Takes the other's card. */
  meet(other: Side): Promise<void>
  readonly card: Uint8Array
  readonly party: {
    readonly account: ReturnType<typeof accountNamed>
    readonly device: TestContext['device']
  }
}

async function side(letter: string): Promise<Side> {
  const context = await openContext()
  const account = accountNamed(letter)
  const cards = await openCards(context)
  const logs = await openDeviceLogs(context)
  return {
    context,
    sessions: openSessions(context, { account, cards, logs }),
    card: cards.own(),
    party: { account, device: context.device },
    meet: async (other) => {
      const staged = await cards.stage(other.context.device, other.card)
      await commitStaged(context.store, staged ? [staged] : [])
    },
  }
}

async function seal(from: Side, to: Side): Promise<SealedCopy> {
  const copy = await from.sessions.seal(to.party, Uint8Array.of(1), CHAT)
  if (!copy) throw new Error('there is a card')
  return copy
}

/** Seals, keeps the step, opens, keeps that, and tells of what kind the envelope was. */
async function pass(from: Side, to: Side): Promise<string> {
  const sealed = await seal(from, to)
  const bytes = await commitSealed(from.context.store, sealed, () => stagedOps())
  const envelope = envelopeCodec.decode(bytes)
  const opened = await to.sessions.open(envelope)
  if (opened.kind !== 'opened') throw new Error('it does not open')
  await commitStaged(to.context.store, [opened.stage()])
  return envelope.kind
}

test('DEL-14 without a card nothing can be sealed yet, with one it can', async () => {
  const [ada, ben] = [await side('a'), await side('b')]
  expect(await ada.sessions.seal(ben.party, Uint8Array.of(1), CHAT)).toBeUndefined()
  expect(await ada.sessions.sealAnew(ben.party, Uint8Array.of(1), CHAT)).toBeUndefined()
  expect(await ada.sessions.has(ben.party)).toBe(false)
  await ada.meet(ben)
  expect((await seal(ada, ben)).start).toBe('card')
  expect(await ada.sessions.has(ben.party)).toBe(false)
  expect(await pass(ada, ben)).toBe('initial')
  expect(await ada.sessions.has(ben.party)).toBe(true)
  expect((await seal(ada, ben)).start).toBeUndefined()
})

test('SES-13 SES-26 a session begun anew is the one that both send on', async () => {
  const [ada, ben] = [await side('a'), await side('b')]
  await Promise.all([ada.meet(ben), ben.meet(ada)])
  for (const [from, to] of [
    [ada, ben],
    [ben, ada],
    [ada, ben],
  ] as const) {
    await pass(from, to)
  }
  const anew = await ben.sessions.sealAnew(ada.party, Uint8Array.of(1), 'control')
  if (!anew) throw new Error('there is a card')
  expect(anew.start).toBe('card')
  const bytes = await commitSealed(ben.context.store, anew, () => stagedOps())
  const opened = await ada.sessions.open(envelopeCodec.decode(bytes))
  if (opened.kind !== 'opened') throw new Error('it does not open')
  expect(opened.start).toBe('card')
  await commitStaged(ada.context.store, [opened.stage()])
  expect(await pass(ada, ben)).toBe('ratchet')
  expect(await pass(ben, ada)).toBe('ratchet')
})

test('SES-11 an envelope is had only in the batch that has the state it was sealed by', async () => {
  const [ada, ben] = [await side('a'), await side('b')]
  await ada.meet(ben)
  const staged = (await seal(ada, ben)).stage(() => stagedOps())
  expect(staged.flatMap((one) => one.ops()).map(({ table }) => table)).toEqual(['sessions'])
})

test('SES-11 a step that was not kept is taken again from where the disk is', async () => {
  const [ada, ben] = [await side('a'), await side('b')]
  await ada.meet(ben)
  await pass(ada, ben)
  await pass(ben, ada)
  const full = { commit: () => Promise.reject(new Error('disk full')) }
  const keys: unknown[] = []
  const lost = await seal(ada, ben)
  await expect(commitSealed(full, lost, (bytes) => remember(bytes))).rejects.toThrow('full')
  await commitSealed(ada.context.store, await seal(ada, ben), (bytes) => remember(bytes))
  // The first was never sent, so its number is free; random nonces keep its key from being used twice (SES-9).
  expect(keys).toEqual([0, 0])

  function remember(bytes: Uint8Array) {
    keys.push(envelopeCodec.decode(bytes).header.number)
    return stagedOps()
  }
})

test('SES-11 what was opened and not kept opens again', async () => {
  const [ada, ben] = [await side('a'), await side('b')]
  await ada.meet(ben)
  const bytes = await commitSealed(ada.context.store, await seal(ada, ben), () => stagedOps())
  const envelope = envelopeCodec.decode(bytes)
  expect(await ben.sessions.open(envelope)).toMatchObject({ kind: 'opened' })
  const again = await ben.sessions.open(envelope)
  expect(again).toMatchObject({ kind: 'opened', start: 'card' })
  if (again.kind === 'opened') await commitStaged(ben.context.store, [again.stage()])
  expect(await ben.sessions.open(envelope)).toEqual({ kind: 'cannot-open' })
})

test('SES-24 SES-25 a one-time card opens one session, and its secrets go when that is on the disk', async () => {
  const [ada, ben] = [await side('a'), await side('b')]
  const give = async (): Promise<DeviceCard> => {
    const bytes = await ben.sessions.giveCard(ada.party.device)
    return deviceCardCodec.decode(bytes ?? new Uint8Array())
  }
  const card = await give()
  const seal = async (): Promise<Envelope> => {
    const copy = await ada.sessions.seal(ben.party, Uint8Array.of(1), CHAT, card)
    expect(copy?.start).toBe('one-time')
    if (!copy) throw new Error('there is a card')
    const bytes = await commitSealed(ada.context.store, copy, () => stagedOps())
    return envelopeCodec.decode(bytes)
  }
  const first = await seal()
  const opened = await ben.sessions.open(first)
  if (opened.kind !== 'opened') throw new Error('it does not open')
  expect(opened.start).toBe('one-time')
  expect((await give()).number).toBe(card.number)
  await commitStaged(ben.context.store, [opened.stage()])
  expect((await give()).number).not.toBe(card.number)
  // A second session to the same card: its secrets are gone.
  await commitStaged(ada.context.store, [ada.sessions.stageForget(ben.party.device)])
  expect(await ben.sessions.open(await seal())).toEqual({ kind: 'cannot-open' })
})

test('SES-24 a one-time card that was given to another device opens nothing', async () => {
  const [ada, ben, eve] = [await side('a'), await side('b'), await side('e')]
  const bytes = await ben.sessions.giveCard(ada.party.device)
  const card = deviceCardCodec.decode(bytes ?? new Uint8Array())
  const copy = await eve.sessions.seal(ben.party, Uint8Array.of(1), CHAT, card)
  if (!copy) throw new Error('there is a card')
  const sealed = await commitSealed(eve.context.store, copy, () => stagedOps())
  expect(await ben.sessions.open(envelopeCodec.decode(sealed))).toEqual({ kind: 'cannot-open' })
})

test('OUT-6 DEL-22 a step that was on its way to the disk while its device was put out goes right after', async () => {
  const [ada, ben] = [await side('a'), await side('b')]
  await ada.meet(ben)
  const { context } = ada
  let isIn = true
  const logs = {
    get: () => undefined,
    standing: () => ({ state: isIn ? 'in' : 'unlinked' }) as never,
    accountOf: () => (isIn ? ben.party.account : undefined),
  }
  const cards = await openCards(context)
  const sessions = openSessions(context, { account: ada.party.account, cards, logs })
  const copy = await sessions.seal(ben.party, Uint8Array.of(1), CHAT)
  if (!copy) throw new Error('there is a card')
  const isKept = async () => (await context.tables.sessions.get(ben.party.device)) !== undefined
  await commitSealed(context.store, copy, () => stagedOps())
  expect(await isKept()).toBe(true)
  const late = await sessions.seal(ben.party, Uint8Array.of(2), CHAT)
  if (!late) throw new Error('there is a session')
  await commitStaged(context.store, [sessions.stageForget(ben.party.device)])
  isIn = false
  await commitSealed(context.store, late, () => stagedOps())
  await expect.poll(isKept).toBe(false)
  expect(await sessions.has(ben.party)).toBe(false)
})
