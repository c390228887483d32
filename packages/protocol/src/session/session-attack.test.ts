import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nativePrimitives } from '../../test/native-primitives.ts'
import {
  type Actor,
  type Cast,
  createActor,
  createCast,
  createEnvironment,
  createSide,
  createSides,
  FRESHNESS,
  type Side,
} from '../../test/session-cast.ts'
import { type Envelope, envelopeCodec } from '../envelope.ts'
import { isKithError } from '../errors.ts'
import { directChatId } from '../ids.ts'
import { deviceCardCodec } from './device-card.ts'
import type { PqHeader } from './pq-ratchet.ts'
import type { Primitives } from './primitives.ts'
import { accept } from './session.ts'
import { MAX_SESSIONS } from './session-set.ts'

/** A pair that has talked, and one envelope of each kind that Ben has not opened yet. */
async function talked(): Promise<{
  readonly cast: Cast
  readonly ada: Side
  readonly ben: Side
  readonly ratchet: Envelope
  readonly initial: Envelope
}> {
  const cast = await createCast()
  const { ada, ben } = createSides(cast)
  await ben.hear(await ada.say('hello'))
  await ada.hear(await ben.say('hi'))
  const ratchet = await ada.say('secret')
  await ada.startAnew()
  const initial = await ada.say('secret too')
  return { cast, ada, ben, ratchet, initial }
}

/** What Ben makes of changed bytes, from the state he has. */
async function hearBytes(ben: Side, bytes: Uint8Array): Promise<string> {
  try {
    return (await ben.hear(envelopeCodec.decode(bytes))).kind
  } catch (error) {
    if (isKithError(error)) return error.code
    throw error
  }
}

describe('tampering', () => {
  test('SES-8 no bit of a ratchet envelope can be changed', async () => {
    const { ben, ratchet } = await talked()
    const bytes = envelopeCodec.encode(ratchet)
    const before = ben.set
    for (let at = 0; at < bytes.length; at++) {
      expect(await hearBytes(ben, flipped(bytes, at, at % 8)), `byte ${at}`).not.toBe('opened')
      expect(ben.set).toBe(before)
    }
    expect((await ben.hear(ratchet)).kind).toBe('opened')
  })

  test('SES-8 nor of an initial one', async () => {
    const { ben, initial } = await talked()
    const bytes = envelopeCodec.encode(initial)
    const before = ben.set
    const place = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }))
    await fc.assert(
      fc.asyncProperty(place, async ([at, bit]) => {
        expect(await hearBytes(ben, flipped(bytes, at, bit))).not.toBe('opened')
        expect(ben.set).toBe(before)
      }),
      { numRuns: 300 },
    )
    expect((await ben.hear(initial)).kind).toBe('opened')
  })

  test('SES-8 nothing opens in a session that began with other identity keys', async () => {
    const { ben, ratchet } = await talked()
    const [session, ...others] = ben.set.sessions
    if (session === undefined) throw new Error('they talked')
    const { set } = ben
    ben.set = { ...set, sessions: [{ ...session, binding: new Uint8Array(32) }, ...others] }
    expect(await ben.hear(ratchet)).toEqual({ kind: 'refused', code: 'ERR_SESSION_OPEN' })
    ben.set = set
    expect((await ben.hear(ratchet)).kind).toBe('opened')
  })

  test('SES-8 keys of small order are refused, not used', async () => {
    const { ben, ratchet, initial } = await talked()
    const zero = new Uint8Array(32)
    if (initial.kind !== 'initial') throw new Error(initial.kind)
    const agreement = { ...initial.agreement, ephemeralKey: zero }
    const forged: readonly Envelope[] = [
      { ...ratchet, header: { ...ratchet.header, ratchetKey: zero } },
      { ...initial, header: { ...initial.header, ratchetKey: zero } },
      { ...initial, agreement },
    ]
    for (const envelope of forged) {
      expect(await ben.hear(envelope)).toEqual({ kind: 'refused', code: 'ERR_KEY_REFUSED' })
    }
  })
})

describe('envelopes where they do not belong', () => {
  test('B3 an envelope sent back to its sender is refused, as it is or with the names swapped', async () => {
    const { ada, ratchet, initial } = await talked()
    for (const envelope of [ratchet, initial]) {
      expect(await ada.hear(envelope)).toEqual({ kind: 'refused', code: 'ERR_SESSION_CONTEXT' })
      const { sender, recipient } = envelope
      const swapped = { ...envelope, sender: recipient, recipient: sender }
      expect((await ada.hear(swapped)).kind).toBe('refused')
    }
  })

  test('B3 nor does it pass for another chat, or for control, or the other way round', async () => {
    const { cast, ben, ratchet, initial } = await talked()
    const carol = await createActor('carol', cast.environment)
    const other = directChatId(carol.own.party.account, cast.ben.own.party.account)
    for (const envelope of [ratchet, initial]) {
      for (const chat of [other, 'control'] as const) {
        expect((await ben.hear({ ...envelope, chat })).kind).toBe('refused')
      }
    }
  })

  test('A4 an envelope of one kind is not opened as the other', async () => {
    const { ben, ratchet, initial } = await talked()
    if (initial.kind !== 'initial') throw new Error(initial.kind)
    const { agreement, ...rest } = initial
    expect((await ben.hear({ ...rest, kind: 'ratchet' })).kind).toBe('refused')
    expect((await ben.hear({ ...ratchet, kind: 'initial', agreement })).kind).toBe('refused')
  })

  test('SES-8 freshness cannot be changed on the way', async () => {
    const { ben, ratchet, initial } = await talked()
    for (const envelope of [ratchet, initial]) {
      for (const side of ['sender', 'recipient'] as const) {
        const freshness = { ...FRESHNESS, [side]: new Uint8Array(32) }
        expect((await ben.hear({ ...envelope, freshness })).kind).toBe('refused')
      }
    }
  })

  test('SES-8 a message of one pair does not open for another device or account of either', async () => {
    const { cast, ratchet, initial } = await talked()
    const carol = await createActor('carol', cast.environment)
    const asCarol = createSide(carol, cast.ada, cast)
    for (const envelope of [ratchet, initial]) {
      const recipient = carol.own.party
      expect((await asCarol.hear(envelope)).kind).toBe('refused')
      expect((await asCarol.hear({ ...envelope, recipient })).kind).toBe('refused')
    }
    const otherAccount = { ...cast.ada.own.party, account: carol.own.party.account }
    const input = { self: cast.ben.own, prekeys: cast.ben.prekeys }
    const renamed = { ...initial, sender: otherAccount }
    const accepted = await accept({ ...input, envelope: renamed }, cast.environment)
    expect(accepted).toEqual({ kind: 'refused', code: 'ERR_SESSION_OPEN' })
  })
})

describe('parts of one message in another', () => {
  /** Two sessions of one pair, each with an offer and an answer that have not arrived yet. */
  async function exchanging(): Promise<{
    readonly ada: Side
    readonly ben: Side
    readonly offers: readonly [Envelope, Envelope]
    readonly answers: readonly [Envelope, Envelope]
  }> {
    const { cast, ada, ben } = await talked()
    const offers: Envelope[] = []
    const answers: Envelope[] = []
    for (const _ of ['first session', 'second session']) {
      await ada.startAnew()
      await ben.hear(await ada.say('a session of its own'))
      await ada.hear(await ben.say('and its answer'))
      cast.environment.clock.advance(25 * 3_600_000)
      const offer = await ada.say('an offer')
      offers.push(offer)
      const before = ben.set
      await ben.hear(offer)
      answers.push(await ben.say('an answer'))
      // Ben has not heard the first offer yet when the second session begins.
      ben.set = before
    }
    return { ada, ben, offers: twoOf(offers), answers: twoOf(answers) }
  }

  test('B3 SES-8 SES-31 an offer is not exchanged for another, left out, or called an answer', async () => {
    const { ben, offers, answers } = await exchanging()
    const [offer, other] = offers
    expect(offer.header.pq?.kind).toBe('offer')
    const before = ben.set
    for (const pq of [other.header.pq, answers[0].header.pq, answers[1].header.pq]) {
      expect((await ben.hear(withPq(offer, pq))).kind).toBe('refused')
    }
    expect((await ben.hear(withPq(offer, undefined))).kind).toBe('refused')
    expect(ben.set).toBe(before)
    expect((await ben.hear(offer)).kind).toBe('opened')
  })

  test('B3 SES-8 SES-33 an answer is not exchanged for another, left out, or put where there is none', async () => {
    const { ada, offers, answers } = await exchanging()
    const [stale, answer] = answers
    expect(answer.header.pq?.kind).toBe('answer')
    const before = ada.set
    for (const pq of [stale.header.pq, offers[0].header.pq, offers[1].header.pq]) {
      expect((await ada.hear(withPq(answer, pq))).kind).toBe('refused')
    }
    expect((await ada.hear(withPq(answer, undefined))).kind).toBe('refused')
    expect(ada.set).toBe(before)
    expect((await ada.hear(answer)).kind).toBe('opened')
    const { ben, ratchet } = await talked()
    const untouched = ben.set
    expect((await ben.hear(withPq(ratchet, answer.header.pq))).kind).toBe('refused')
    expect((await ben.hear(withPq(ratchet, offers[0].header.pq))).kind).toBe('refused')
    expect(ben.set).toBe(untouched)
  })

  test('B3 SES-6 no part of a message of one session passes in another session of the same pair', async () => {
    const { cast, ada, ben, ratchet } = await talked()
    await ada.startAnew()
    const first = await ada.say('begins a session')
    await ada.startAnew()
    const second = await ada.say('begins another')
    if (first.kind !== 'initial' || second.kind !== 'initial') throw new Error('both begin one')
    const before = ben.set
    const mixed: readonly Envelope[] = [
      { ...ratchet, header: first.header },
      { ...ratchet, message: first.message },
      { ...first, agreement: second.agreement },
      { ...first, header: second.header },
      { ...first, message: second.message },
      { ...first, agreement: { ...first.agreement, card: second.agreement.card, prekeyNumber: 2 } },
      {
        ...first,
        agreement: { ...first.agreement, kemCiphertext: second.agreement.kemCiphertext },
      },
    ]
    for (const envelope of mixed) expect((await ben.hear(envelope)).kind).toBe('refused')
    expect(ben.set).toBe(before)
    for (const envelope of [ratchet, first, second]) {
      expect((await ben.hear(envelope)).kind).toBe('opened')
      expect((await ben.hear(envelope)).kind).toBe('duplicate')
    }
    const carol = createSide(await createActor('carol', cast.environment), cast.ada, cast)
    for (const envelope of [ratchet, first, second]) {
      expect((await carol.hear(envelope)).kind).toBe('refused')
    }
  })

  test('B3 SES-7 the first messages of a session that was dropped since do not begin it again', async () => {
    const { ada, ben, initial } = await talked()
    expect((await ben.hear(initial)).kind).toBe('opened')
    for (const text of ['two', 'three', 'four', 'five', 'six']) {
      await ada.startAnew()
      expect((await ben.hear(await ada.say(text))).kind).toBe('opened')
    }
    const before = ben.set
    expect(await ben.hear(initial)).toEqual({ kind: 'duplicate' })
    expect(ben.set).toBe(before)
  })
})

describe('strangers and clones', () => {
  /** Mallory speaks with Ben as `claimed`, from keys that are Mallory's own. */
  async function pretend(cast: Cast, mallory: Actor, claimed: Actor): Promise<Envelope> {
    const side = createSide(mallory, cast.ben, cast)
    const envelope = await side.say('trust me')
    if (envelope.kind !== 'initial') throw new Error(envelope.kind)
    const agreement = { ...envelope.agreement, card: deviceCardCodec.encode(claimed.card) }
    return { ...envelope, sender: claimed.own.party, agreement }
  }

  test('A5 nobody starts a session in another device’s name', async () => {
    const cast = await createCast()
    const mallory = await createActor('mallory', cast.environment)
    const { ben } = createSides(cast)
    const withAdasCard = await pretend(cast, mallory, cast.ada)
    expect(await ben.hear(withAdasCard)).toEqual({ kind: 'refused', code: 'ERR_SESSION_OPEN' })
    if (withAdasCard.kind !== 'initial') throw new Error(withAdasCard.kind)
    const ownCard = deviceCardCodec.encode(mallory.card)
    const withOwnCard = { ...withAdasCard, agreement: { ...withAdasCard.agreement, card: ownCard } }
    expect(await ben.hear(withOwnCard)).toEqual({ kind: 'refused', code: 'ERR_SESSION_CONTEXT' })
    const forgedCard = deviceCardCodec.encode({
      ...cast.ada.card,
      identityKey: mallory.card.identityKey,
    })
    const withForgedCard = {
      ...withAdasCard,
      agreement: { ...withAdasCard.agreement, card: forgedCard },
    }
    expect(await ben.hear(withForgedCard)).toEqual({ kind: 'refused', code: 'ERR_CARD_SIGNATURE' })
  })

  test('B4 asking for cards uses nothing up: many start from one card, and each opens', async () => {
    const cast = await createCast()
    for (let count = 0; count < 20; count++) {
      const stranger = await createActor(`stranger ${count}`, cast.environment)
      const ben = createSide(cast.ben, stranger, cast)
      const said = await createSide(stranger, cast.ben, cast).say('hello')
      expect((await ben.hear(said)).kind).toBe('opened')
    }
  })

  test('SES-15 B8 of two clones of a device the second is noticed by its first message', async () => {
    const { cast, ada, ben } = await talked()
    const clone = createSide(cast.ada, cast.ben, cast)
    clone.set = ada.set
    expect((await ben.hear(await ada.say('from the device'))).kind).toBe('opened')
    expect(await ben.hear(await clone.say('from its clone'))).toEqual({ kind: 'duplicate' })
  })
})

describe('what a forger may cost', () => {
  /** Ben has five sessions with Ada, and the most skipped keys of each. */
  async function laden() {
    let hmacs = 0
    const counting: Primitives = {
      ...nativePrimitives,
      hmacSha256: (key, bytes) => {
        hmacs++
        return nativePrimitives.hmacSha256(key, bytes)
      },
    }
    const cast = await createCast(createEnvironment('laden', counting))
    const { ada, ben } = createSides(cast)
    for (let session = 0; session < MAX_SESSIONS; session++) {
      await ada.startAnew()
      for (let lost = 0; lost < 1000; lost++) await ada.say('lost')
      expect((await ben.hear(await ada.say('arrives'))).kind).toBe('opened')
      await ben.say('so that Ada may turn')
    }
    const cost = async (envelope: Envelope): Promise<number> => {
      hmacs = 0
      expect((await ben.hear(envelope)).kind).toBe('refused')
      return hmacs
    }
    return { ada, ben, cost }
  }

  test('C3 SES-12 a forged header costs one HMAC for each number it leaves out, and no key is kept', async () => {
    const { ada, ben, cost } = await laden()
    const { sender, recipient, chat, freshness, message } = await ada.say('genuine')
    const header = { ratchetKey: new Uint8Array(32).fill(9), previousLength: 2001, number: 1000 }
    const before = ben.set
    const forged = {
      suite: 1,
      kind: 'ratchet',
      sender,
      recipient,
      chat,
      freshness,
      header,
      message,
    } as const
    expect(await cost(forged)).toBeLessThan(MAX_SESSIONS * 1010)
    expect(ben.set).toBe(before)
  })

  test('C3 SES-12 of all sessions of a pair 2,000 skipped keys are kept together, those of the latest', async () => {
    const { ben } = await laden()
    const kept = ben.set.sessions.map(({ ratchet }) => ratchet.skipped.length)
    expect(kept).toEqual([1000, 1000, 0, 0, 0])
  })
})

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ (1 << bit)
  return changed
}

function twoOf(envelopes: readonly Envelope[]): readonly [Envelope, Envelope] {
  const [one, other] = envelopes
  if (one === undefined || other === undefined) throw new Error('two expected')
  return [one, other]
}

function withPq(envelope: Envelope, pq: PqHeader | undefined): Envelope {
  const { pq: _, ...header } = envelope.header
  return { ...envelope, header: pq === undefined ? header : { ...header, pq } }
}
