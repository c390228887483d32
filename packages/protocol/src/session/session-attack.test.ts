import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Actor,
  type Cast,
  createActor,
  createCast,
  createSide,
  createSides,
  FRESHNESS,
  type Side,
} from '../../test/session-cast.ts'
import { type Envelope, envelopeCodec } from '../envelope.ts'
import { isKithError } from '../errors.ts'
import { directChatId } from '../ids.ts'
import { deviceCardCodec } from './device-card.ts'
import { accept } from './session.ts'

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

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ (1 << bit)
  return changed
}
