import {
  cannotOpenCodec,
  type Envelope,
  type Signer,
  signCannotOpen,
  signerFromSeed,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import {
  CHAT,
  everybody,
  id,
  meet,
  type Pair,
  pair,
  type Side,
  side,
  stateOf,
} from '../../test/mending-sides.ts'
import { accountNamed } from '../../test/people.ts'
import { stagedOps } from '../staged.ts'
import type { Sent } from './mending.ts'
import { commitSealed } from './sessions.ts'

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
