import {
  cannotOpenCodec,
  directChatId,
  type Envelope,
  envelopeCodec,
  type MessageId,
  messageIdFromBytes,
  type Party,
  type Signer,
  signCannotOpen,
  signerFromSeed,
} from '@kithmesh/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTime, type Time } from '../../../../test/scenarios/time.ts'
import { openContext, type TestContext } from '../../test/context.ts'
import { accountNamed } from '../../test/people.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import { type Cards, openCards } from '../cards.ts'
import { openChats } from '../chats.ts'
import { commitStaged, stagedOps } from '../staged.ts'
import { createMending, type Mending, type Sent } from './mending.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { commitSealed, openSessions, type Sessions } from './sessions.ts'

const HOUR = 60 * 60 * 1000
const CHAT = directChatId(accountNamed('a'), accountNamed('b'))

interface Side {
  readonly context: TestContext
  readonly party: Party
  readonly cards: Cards
  readonly sessions: Sessions
  readonly mending: Mending
  readonly outbox: Outbox
  /** Devices that are out are in no account. */
  readonly out: Set<Party['device']>
  /** The same device after a restart. */
  restart(): Promise<Side>
}

const everybody = new Map<Party['device'], Party['account']>()

async function side(letter: string, time: Time, known?: TestContext): Promise<Side> {
  const context = known ?? (await openContext(time))
  if (!known) onTestFinished(() => context.store.close())
  const account = accountNamed(letter)
  const party = { account, device: context.device }
  everybody.set(context.device, account)
  const cards = await openCards(context)
  const logs = await openDeviceLogs(context)
  const sessions = openSessions(context, { account, cards, logs })
  const outbox = await openOutbox(context)
  const out = new Set<Party['device']>()
  const mending = createMending(context, {
    account,
    logs: { accountOf: (device) => (out.has(device) ? undefined : everybody.get(device)) },
    chats: openChats(context, account),
    sessions,
    outbox,
  })
  const restart = (): Promise<Side> => side(letter, time, context)
  return { context, party, cards, sessions, mending, outbox, out, restart }
}

async function meet(one: Side, other: Side): Promise<void> {
  const staged = await one.cards.stage(other.party.device, other.cards.own())
  await commitStaged(one.context.store, staged ? [staged] : [])
}

async function seal(from: Side, to: Side): Promise<Uint8Array> {
  const copy = await from.sessions.seal(to.party, Uint8Array.of(1), CHAT)
  if (!copy) throw new Error('there is a card')
  return commitSealed(from.context.store, copy, () => stagedOps())
}

function id(number: number): MessageId {
  return messageIdFromBytes(new Uint8Array(16).fill(number))
}

interface Pair {
  readonly time: Time
  readonly ada: Side
  readonly ben: Side
  /** An envelope of Ada's that Ben cannot open, as it arrives and as she sent it. */
  broken(message: number): Promise<{ readonly envelope: Envelope; readonly sent: Sent }>
}

/** Ada seals to a session that Ben does not have any more. */
async function pair(): Promise<Pair> {
  const time = createTime()
  const [ada, ben] = [await side('a', time), await side('b', time)]
  await Promise.all([meet(ada, ben), meet(ben, ada)])
  for (const [from, to] of [
    [ada, ben],
    [ben, ada],
  ] as const) {
    const opened = await to.sessions.open(envelopeCodec.decode(await seal(from, to)))
    if (opened.kind === 'opened') await commitStaged(to.context.store, [opened.stage()])
  }
  await commitStaged(ben.context.store, [ben.sessions.stageForget(ada.party.device)])
  return {
    time,
    ada,
    ben,
    broken: async (message) => {
      const bytes = await seal(ada, ben)
      const envelope = envelopeCodec.decode(bytes)
      expect(await ben.sessions.open(envelope)).toEqual({ kind: 'cannot-open' })
      return { envelope, sent: { recipient: ben.party, message: id(message), envelope: bytes } }
    },
  }
}

/** Everything a side keeps of its sessions. */
async function stateOf({ context }: Side): Promise<readonly unknown[]> {
  const kept: unknown[] = []
  for await (const entry of context.tables.sessions.entries()) kept.push(entry)
  for await (const entry of context.tables.resets.entries()) kept.push(entry)
  return kept
}

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

/** What somebody hands Ada as the word that Ben could not open her first message. */
interface Attack {
  readonly pair: Pair
  readonly sent: Sent
  readonly envelope: Envelope
  /** A word as Ben's device would seal it, with what the attacker changed. */
  word(change: {
    readonly by?: Side
    readonly said?: Partial<Parameters<typeof signCannotOpen>[0]>
    readonly signer?: Signer
    readonly chat?: typeof CHAT
  }): Promise<Uint8Array>
}

const ATTACKS: Readonly<
  Record<string, (at: Attack) => Promise<readonly [Uint8Array, Partial<Sent>]>>
> = {
  'bytes that are none': async () => [new Uint8Array(300), {}],
  'a word with one byte changed': async ({ word }) => {
    const genuine = await word({})
    return [genuine.map((byte, at) => (at === genuine.length - 20 ? byte ^ 1 : byte)), {}]
  },
  'a word that another key signed': async ({ word }) => {
    return [await word({ signer: signerFromSeed(new Uint8Array(32).fill(5)) }), {}]
  },
  'a word about another message': async ({ word }) => [
    await word({ said: { message: id(9) } }),
    {},
  ],
  'a genuine word, handed over for another message': async ({ word }) => {
    return [await word({}), { message: id(9) }]
  },
  'a word about another envelope of that message': async ({ word }) => {
    return [await word({ said: { ratchetKey: new Uint8Array(32).fill(8) } }), {}]
  },
  'a word to another device': async ({ word, pair: { ben } }) => {
    return [await word({ said: { to: { ...ben.party, account: accountNamed('a') } } }), {}]
  },
  'the word of another device of the account': async ({ word, pair: { time, ada } }) => {
    const tablet = await side('b', time)
    await meet(tablet, ada)
    return [await word({ by: tablet, said: { by: tablet.party } }), {}]
  },
  'a genuine word, handed over by another device of the account': async ({
    word,
    pair: { time },
  }) => {
    const tablet = await side('b', time)
    return [await word({}), { recipient: tablet.party }]
  },
  'the word of another device of the account in the name of the first': async ({
    word,
    pair: { time, ada },
  }) => {
    const tablet = await side('b', time)
    await meet(tablet, ada)
    const { signer } = tablet.context
    return [await word({ by: tablet, signer }), { recipient: tablet.party }]
  },
  'what the device signed, sealed by another of the account': async ({
    word,
    pair: { time, ada, ben },
  }) => {
    const tablet = await side('b', time)
    await meet(tablet, ada)
    return [await word({ by: tablet, signer: ben.context.signer }), {}]
  },
  'the word of a stranger': async ({ word, pair: { time, ada } }) => {
    const stranger = await side('s', time)
    everybody.delete(stranger.party.device)
    await meet(stranger, ada)
    const said = { by: stranger.party }
    return [await word({ by: stranger, said }), { recipient: stranger.party }]
  },
  'the word of a device that is out': async ({ word, pair: { ada, ben } }) => {
    const control = await word({})
    ada.out.add(ben.party.device)
    return [control, {}]
  },
  'the word as a message of the chat': async ({ word }) => [await word({ chat: CHAT }), {}],
}

describe('SES-27 A5 a word that does not hold changes nothing', () => {
  async function attack(): Promise<Attack> {
    const at = await pair()
    const { ada, ben } = at
    const { envelope, sent } = await at.broken(1)
    return {
      pair: at,
      sent,
      envelope,
      word: async ({
        by = ben,
        said = {},
        signer = by.context.signer,
        chat = 'control' as const,
      }) => {
        const { ratchetKey } = envelope.header
        const unopened = { by: ben.party, to: ada.party, message: id(1), ratchetKey, ...said }
        const word = cannotOpenCodec.encode(await signCannotOpen(unopened, signer))
        const copy = await by.sessions.sealAnew(ada.party, word, chat)
        if (!copy) throw new Error('there is a card')
        return commitSealed(by.context.store, copy, () => stagedOps())
      },
    }
  }

  test('SES-27 unchanged it holds', async () => {
    const { pair: at, sent, word } = await attack()
    expect(await at.ada.mending.hear(await word({}), sent)).toBe(true)
  })

  test.each(Object.keys(ATTACKS))('SES-27 A5 %s', async (name) => {
    const at = await attack()
    const { ada, ben } = at.pair
    const made = await ATTACKS[name]?.(at)
    if (!made) throw new Error('no such attack')
    const [control, about] = made
    const before = await stateOf(ada)
    expect(await ada.mending.hear(control, { ...at.sent, ...about })).toBe(false)
    expect(await stateOf(ada)).toEqual(before)
    expect(ada.mending.isBroken(ben.party)).toBe(false)
    // Nor in memory: Ben's genuine word is heard afterwards.
    ada.out.clear()
    const genuine = await ben.mending.report(at.envelope, id(1))
    expect(await ada.mending.hear(genuine ?? new Uint8Array(), at.sent)).toBe(true)
  })

  test('SES-27 A5 a word that was heard is not heard again', async () => {
    const { pair: at, sent, word } = await attack()
    const control = await word({})
    expect(await at.ada.mending.hear(control, sent)).toBe(true)
    const before = await stateOf(at.ada)
    expect(await at.ada.mending.hear(control, sent)).toBe(false)
    expect(await stateOf(at.ada)).toEqual(before)
  })

  test('SES-27 A5 a word that comes back to who gave it is not heard', async () => {
    const { pair: at, envelope, sent } = await attack()
    const { ada, ben } = at
    const control = (await ben.mending.report(envelope, id(1))) ?? new Uint8Array()
    const before = await stateOf(ben)
    expect(await ben.mending.hear(control, { ...sent, recipient: ada.party })).toBe(false)
    expect(await ben.mending.hear(control, { ...sent, recipient: ben.party })).toBe(false)
    expect(await stateOf(ben)).toEqual(before)
  })
})
