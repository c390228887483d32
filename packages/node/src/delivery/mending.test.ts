import { envelopeCodec, type Party } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { everybody, id, pair, type Side, seal, stateOf } from '../../test/mending-sides.ts'
import { openChats } from '../chats.ts'
import { commitStaged } from '../staged.ts'
import { createMending } from './mending.ts'

const HOUR = 60 * 60 * 1000

test('SES-26 SES-27 who cannot open says so on a fresh session, and the sender goes on from there', async () => {
  const { ada, ben, broken } = await pair()
  const { envelope, sent } = await broken(1)
  const control = await ben.mending.report(envelope, id(1))
  expect(ada.mending.isBroken(ben.party)).toBe(false)
  expect(await ada.mending.hear(control ?? new Uint8Array(), sent)).toBe(true)
  expect(ada.mending.isBroken(ben.party)).toBe(true)
  const again = envelopeCodec.decode(await seal(ada, ben))
  expect(await ben.sessions.open(again)).toMatchObject({ kind: 'opened' })
})

test('SES-28 E2 what waits is unsealed in the batch of the word: a restart before it is sealed anew costs nothing', async () => {
  const { ada, ben, broken } = await pair()
  const { envelope, sent } = await broken(1)
  for (const message of [id(1), id(2)]) {
    const waits = ada.outbox.stageAdd({
      recipient: ben.party.device,
      message,
      envelope: sent.envelope,
    })
    await commitStaged(ada.context.store, [waits])
  }
  const control = (await ben.mending.report(envelope, id(1))) ?? new Uint8Array()
  const full = { ...ada.context.store, commit: fails }
  const unwritten = createMending({ ...ada.context, store: full }, { ...ada, ...partsOf(ada) })
  await expect(unwritten.hear(control, sent)).rejects.toThrow('full')
  expect(await sealedOf(ada, ben)).toEqual([true, true])
  expect(await ada.mending.hear(control, sent)).toBe(true)
  expect(await sealedOf(await ada.restart(), ben)).toEqual([false, false])
  // The restarted device has forgotten the word; what it seals now opens all the same.
  const again = envelopeCodec.decode(await seal(await ada.restart(), ben))
  expect(await ben.sessions.open(again)).toMatchObject({ kind: 'opened' })
})

test('SES-28 B4 a second word within the hour unseals what it is about, and nothing else', async () => {
  const { time, ada, ben, broken } = await pair()
  const first = await broken(1)
  expect(
    await ada.mending.hear(
      (await ben.mending.report(first.envelope, id(1))) ?? new Uint8Array(),
      first.sent,
    ),
  ).toBe(true)
  await commitStaged(ben.context.store, [ben.sessions.stageForget(ada.party.device)])
  const second = await broken(2)
  for (const message of [id(2), id(3)]) {
    const { envelope } = second.sent
    const waits = ada.outbox.stageAdd({ recipient: ben.party.device, message, envelope })
    await commitStaged(ada.context.store, [waits])
  }
  // Ben forgets his own hour; Ada's is not over.
  await ben.context.store.commit([ben.context.tables.resets.delete(ada.party.device)])
  const control = await (await ben.restart()).mending.report(second.envelope, id(2))
  time.leap(1)
  expect(await ada.mending.hear(control ?? new Uint8Array(), second.sent)).toBe(true)
  expect(await sealedOf(ada, ben)).toEqual([false, true])
})

/** Which entries for `to` are sealed on the disk, in order. */
async function sealedOf({ outbox }: Side, to: Side): Promise<readonly boolean[]> {
  const page = await outbox.pageFor(to.party.device, 0, 100)
  return page.map(({ envelope }) => envelope !== undefined)
}

function partsOf({ context, party }: Side) {
  return {
    account: party.account,
    logs: { accountOf: (device: Party['device']) => everybody.get(device) },
    chats: openChats(context, party.account),
  }
}

test('SES-28 OUT-6 A8 after its word a device that is put out is not sealed to again', async () => {
  const { ada, ben, broken } = await pair()
  const { envelope, sent } = await broken(1)
  const control = (await ben.mending.report(envelope, id(1))) ?? new Uint8Array()
  expect(await ada.mending.hear(control, sent)).toBe(true)
  ada.out.add(ben.party.device)
  expect(ada.mending.isBroken(ben.party)).toBe(false)
})

describe('SES-26 DEL-10 one reset of a pair of devices and hour', () => {
  test('SES-26 B4 whatever cannot be opened meanwhile is refused without a word', async () => {
    const { time, ben, broken } = await pair()
    const first = await broken(1)
    expect(await ben.mending.report(first.envelope, id(1))).toBeDefined()
    const state = await stateOf(ben)
    for (let number = 2; number < 20; number++) {
      const { envelope } = await broken(number)
      expect(await ben.mending.report(envelope, id(number))).toBeUndefined()
    }
    time.leap(HOUR - 60_000)
    expect(await ben.mending.report((await broken(20)).envelope, id(20))).toBeUndefined()
    expect(await stateOf(ben)).toEqual(state)
    time.leap(60_000)
    expect(await ben.mending.report((await broken(21)).envelope, id(21))).toBeDefined()
  })

  test('SES-26 a restart does not begin the hour anew', async () => {
    const { time, ben, broken } = await pair()
    await ben.mending.report((await broken(1)).envelope, id(1))
    const again = await ben.restart()
    const { envelope } = await broken(2)
    expect(await again.mending.report(envelope, id(2))).toBeUndefined()
    time.leap(HOUR)
    expect(await again.mending.report(envelope, id(2))).toBeDefined()
  })

  test('SES-26 SES-11 what comes again as it was is answered as it was, also after a restart', async () => {
    const { ada, ben, broken } = await pair()
    const { envelope, sent } = await broken(1)
    const control = await ben.mending.report(envelope, id(1))
    expect(await ben.mending.report(envelope, id(1))).toEqual(control)
    const again = await (await ben.restart()).mending.report(envelope, id(1))
    expect(again).toEqual(control)
    expect(await ada.mending.hear(again ?? new Uint8Array(), sent)).toBe(true)
  })

  test('SES-26 without a card of the sender nothing is said', async () => {
    const { ada, ben, broken } = await pair()
    const { envelope } = await broken(1)
    await commitStaged(ben.context.store, [ben.cards.stageForget(ada.party.device)])
    const state = await stateOf(ben)
    expect(await ben.mending.report(envelope, id(1))).toBeUndefined()
    expect(await stateOf(ben)).toEqual(state)
  })

  test('SES-26 SES-11 when it cannot be written, nothing was said', async () => {
    const { ben, broken } = await pair()
    const { envelope } = await broken(1)
    const state = await stateOf(ben)
    const full = { ...ben.context, store: { ...ben.context.store, commit: fails } }
    const failing = createMending(full, {
      account: ben.party.account,
      logs: { accountOf: () => undefined },
      chats: openChats(full, ben.party.account),
      sessions: ben.sessions,
      outbox: ben.outbox,
    })
    await expect(failing.report(envelope, id(1))).rejects.toThrow('full')
    expect(await stateOf(ben)).toEqual(state)
    expect(await ben.mending.report(envelope, id(1))).toBeDefined()
  })
})

function fails(): Promise<never> {
  return Promise.reject(new Error('disk full'))
}
