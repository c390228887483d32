import { describe, expect, test } from 'vitest'
import {
  type Cast,
  createCast,
  createEnvironment,
  createSide,
  createSides,
  FRESHNESS,
  type Side,
  textBytes,
} from '../../test/session-cast.ts'
import { type Envelope, envelopeCodec } from '../envelope.ts'
import { MAX_PLAINTEXT_BYTES } from './message-seal.ts'
import { noblePrimitives } from './noble-primitives.ts'
import type { Primitives } from './primitives.ts'
import { accept, open, seal, startSession } from './session.ts'
import { sessionSetCodec } from './session-codec.ts'
import { MAX_SESSIONS } from './session-set.ts'

const opened = (text: string) => ({ kind: 'opened', text })

describe('a conversation', () => {
  test('SES-4 a message to a device that is off opens when it is back, and is answered', async () => {
    const { ada, ben } = createSides(await createCast())
    const first = await ada.say('hello')
    expect(first.kind).toBe('initial')
    expect(await ben.hear(first)).toEqual(opened('hello'))
    const answer = await ben.say('hi')
    expect(answer.kind).toBe('ratchet')
    expect(await ada.hear(answer)).toEqual(opened('hi'))
    expect((await ada.say('how are you?')).kind).toBe('ratchet')
  })

  test('SES-4 it is the same with the pure primitives', async () => {
    const { ada, ben } = createSides(await createCast(createEnvironment('pure', noblePrimitives)))
    expect(await ben.hear(await ada.say('hello'))).toEqual(opened('hello'))
    expect(await ada.hear(await ben.say('hi'))).toEqual(opened('hi'))
    expect(await ben.hear(await ada.say('how are you?'))).toEqual(opened('how are you?'))
  })

  test('SES-4 any of the first messages starts the session, in any order', async () => {
    const { ada, ben } = createSides(await createCast())
    const sent = [await ada.say('one'), await ada.say('two'), await ada.say('three')]
    for (const at of [2, 0, 1]) expect((await ben.hear(sentAt(sent, at))).kind).toBe('opened')
    expect(ben.set.sessions).toHaveLength(1)
  })

  test('SES-7 SES-15 the same first envelope twice opens once', async () => {
    const { ada, ben } = createSides(await createCast())
    const first = await ada.say('hello')
    expect((await ben.hear(first)).kind).toBe('opened')
    const before = ben.set
    expect(await ben.hear(first)).toEqual({ kind: 'duplicate' })
    expect(ben.set).toBe(before)
  })

  test('SES-7 nor does it when its session is long gone', async () => {
    const { ada, ben } = createSides(await createCast())
    const first = await ada.say('hello')
    await ben.hear(first)
    for (let round = 0; round < MAX_SESSIONS; round++) {
      await ada.startAnew()
      expect((await ben.hear(await ada.say(`again ${round}`))).kind).toBe('opened')
    }
    expect(ben.set.sessions).toHaveLength(MAX_SESSIONS)
    expect(await ben.hear(first)).toEqual({ kind: 'duplicate' })
  })

  test('SES-7 what was accepted is forgotten with the prekeys it used, which then refuse it', async () => {
    const cast = await createCast()
    const { ada, ben } = createSides(cast)
    const first = await ada.say('hello')
    await ben.hear(first)
    const without = createSide({ ...cast.ben, prekeys: [] }, cast.ada, cast)
    without.set = { ...ben.set, sessions: [] }
    expect(await without.hear(first)).toEqual({ kind: 'refused', code: 'ERR_SESSION_PREKEY' })
  })

  test('SES-13 both may start at once, and settle on one session', async () => {
    const { ada, ben } = createSides(await createCast())
    const fromAda = await ada.say('hello from Ada')
    const fromBen = await ben.say('hello from Ben')
    expect(await ben.hear(fromAda)).toEqual(opened('hello from Ada'))
    expect(await ada.hear(fromBen)).toEqual(opened('hello from Ben'))
    await talk(ada, ben, 3)
    const [current] = ada.set.sessions
    expect(ben.set.sessions[0]?.ephemeralKey).toEqual(current?.ephemeralKey)
  })

  test('SES-13 after a lost set the peer starts anew, and both talk on', async () => {
    const cast = await createCast()
    const { ada, ben } = createSides(cast)
    await talk(ada, ben, 2)
    const restored = createSide(cast.ben, cast.ada, cast)
    expect((await restored.hear(await ada.say('lost on you'))).kind).toBe('refused')
    expect(await ada.hear(await restored.say('I lost my sessions'))).toEqual(
      opened('I lost my sessions'),
    )
    await talk(ada, restored, 2)
  })

  test('SES-11 what is too long to seal changes nothing', async () => {
    const cast = await createCast()
    const { ada } = createSides(cast)
    await ada.say('hello')
    const before = ada.set
    await expect(ada.say('x'.repeat(MAX_PLAINTEXT_BYTES + 1))).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
    expect(ada.set).toBe(before)
  })

  test('MSG-7 an envelope says both heads, 32 bytes each', async () => {
    const { ada } = createSides(await createCast())
    const envelope = await ada.say('hello')
    expect(envelopeCodec.decode(envelopeCodec.encode(envelope)).freshness).toEqual(FRESHNESS)
    for (const side of ['sender', 'recipient'] as const) {
      for (const length of [0, 31, 33]) {
        const freshness = { ...FRESHNESS, [side]: new Uint8Array(length) }
        expect(() => envelopeCodec.encode({ ...envelope, freshness })).toThrowError(
          expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
        )
      }
    }
  })

  test('MSG-5 the longest message fits into the longest envelope', async () => {
    const { ada, ben } = createSides(await createCast())
    const text = 'x'.repeat(MAX_PLAINTEXT_BYTES)
    const bytes = envelopeCodec.encode(await ada.say(text))
    expect(await ben.hear(envelopeCodec.decode(bytes))).toEqual(opened(text))
  })
})

describe('work', () => {
  /** The pure primitives, counting key pairs and agreements. */
  function countAgreements(): { readonly primitives: Primitives; count: number } {
    const { x25519 } = noblePrimitives
    const counter = {
      count: 0,
      primitives: {
        ...noblePrimitives,
        x25519: {
          keyPair: (secretKey: Uint8Array) => {
            counter.count++
            return x25519.keyPair(secretKey)
          },
          agree: (secretKey: Uint8Array, publicKey: Uint8Array) => {
            counter.count++
            return x25519.agree(secretKey, publicKey)
          },
        },
      },
    }
    return counter
  }

  test('SES-14 a burst costs no agreement: X25519 runs at turns only', async () => {
    const counter = countAgreements()
    const { ada, ben } = createSides(
      await createCast(createEnvironment('burst', counter.primitives)),
    )
    await talk(ada, ben, 1)
    counter.count = 0
    const burst: Envelope[] = []
    for (let count = 0; count < 20; count++) burst.push(await ada.say(`${count}`))
    expect(counter.count).toBe(2) // Ada's turn: one key pair, one agreement.
    for (const envelope of burst) await ben.hear(envelope)
    expect(counter.count).toBe(3) // Ben follows it with one agreement, and makes no key before he sends.
  })

  test('SES-14 an unknown ratchet key is refused without any, while its answer is still owed', async () => {
    const counter = countAgreements()
    const { ada, ben } = createSides(
      await createCast(createEnvironment('owed', counter.primitives)),
    )
    await talk(ada, ben, 1)
    const last = await ada.say('your turn')
    await ben.hear(last)
    counter.count = 0
    const header = { ...last.header, ratchetKey: new Uint8Array(32).fill(9), number: 0 }
    const forged = await ben.hear({ ...last, header })
    expect(forged).toEqual({ kind: 'refused', code: 'ERR_SESSION_OPEN' })
    expect(counter.count).toBe(0)
  })
})

describe('limits', () => {
  test('SES-12 a message 1,000 ahead opens, one 1,001 ahead is refused and changes nothing', async () => {
    const { ada, ben } = createSides(await createCast())
    await talk(ada, ben, 1)
    const late = await ada.say('late')
    for (let count = 0; count < 999; count++) await ada.say('lost')
    const reached = await ada.say('reached')
    const before = ben.set
    const tooFar = await ada.say('too far')
    expect(await ben.hear(tooFar)).toEqual({ kind: 'refused', code: 'ERR_SESSION_SKIPPED' })
    expect(ben.set).toBe(before)
    expect(await ben.hear(reached)).toEqual(opened('reached'))
    expect(ben.set.sessions[0]?.ratchet.skipped).toHaveLength(1000)
    expect(await ben.hear(late)).toEqual(opened('late'))
    expect(ben.set.sessions[0]?.ratchet.skipped).toHaveLength(999)
  })

  test('SES-12 at most 2,000 keys are kept in all, and their set still fits the store', async () => {
    const { ada, ben } = createSides(await createCast())
    await talk(ada, ben, 1)
    const first = await ada.say('first of all')
    for (let chain = 0; chain < 3; chain++) {
      for (let count = 0; count < 900; count++) await ada.say('lost')
      await ben.hear(await ada.say('reached'))
      await ada.hear(await ben.say('your turn'))
    }
    const [session] = ben.set.sessions
    expect(session?.ratchet.skipped).toHaveLength(2000)
    expect(sessionSetCodec.decode(sessionSetCodec.encode(ben.set))).toEqual(ben.set)
    // Its key went as one of the oldest 700; the chain is still known by the others.
    expect(await ben.hear(first)).toEqual({ kind: 'duplicate' })
  })

  test('SES-12 a skipped key lives 30 days', async () => {
    const cast = await createCast()
    const { ada, ben } = createSides(cast)
    await talk(ada, ben, 1)
    const late = await ada.say('late')
    await ben.hear(await ada.say('in time'))
    const before = ben.set
    cast.environment.clock.advance(30 * 86_400_000 - 1)
    expect(await ben.hear(late)).toEqual(opened('late'))
    ben.set = before
    cast.environment.clock.advance(1)
    expect(await ben.hear(late)).toEqual({ kind: 'duplicate' })
  })

  test('SES-7 a peer that starts over and over fills only its own cache', async () => {
    const cast = await createCast()
    const { ada, ben } = createSides(cast)
    const one = { ephemeralKey: new Uint8Array(32), prekeyNumber: 1 }
    ben.set = { ...ben.set, accepted: Array.from({ length: 1024 }, () => one) }
    const first = await ada.say('hello')
    expect(await ben.hear(first)).toEqual({ kind: 'refused', code: 'ERR_SESSION_REPLAY' })
  })
})

describe('single steps', () => {
  test('SES-4 no session with oneself, and none with another device than that of the card', async () => {
    const { ada, ben, environment } = await createCast()
    const start = (peer: Cast['ada'], peerCard = peer.card) =>
      startSession({ self: ada.own, peer: peer.own.party, peerCard }, environment)
    await expect(start(ada)).rejects.toMatchObject({ code: 'ERR_SESSION_CONTEXT' })
    await expect(start(ben, ada.card)).rejects.toMatchObject({ code: 'ERR_SESSION_CONTEXT' })
  })

  test('SES-2 no session from a card that is forged or old', async () => {
    const { ada, ben, environment } = await createCast()
    const forged = { ...ben.card, prekey: ada.card.prekey }
    const start = (peerCard: Cast['ben']['card']) =>
      startSession({ self: ada.own, peer: ben.own.party, peerCard }, environment)
    await expect(start(forged)).rejects.toMatchObject({ code: 'ERR_CARD_SIGNATURE' })
    environment.clock.advance(ben.card.expiresAt - environment.clock.now())
    await expect(start(ben.card)).rejects.toMatchObject({ code: 'ERR_CARD_EXPIRED' })
  })

  test('SES-5 a first message opens though the sender’s card has expired on its way', async () => {
    const cast = await createCast()
    const { ada, ben } = createSides(cast)
    const first = await ada.say('slow')
    cast.environment.clock.advance(60 * 86_400_000)
    expect(await ben.hear(first)).toEqual(opened('slow'))
  })

  test('SES-6 a session that was only accepted cannot be opened into by another one', async () => {
    const { ada, ben, chat, environment } = await createCast()
    const pair = { self: ada.own.party, peer: ben.own.party }
    const input = { plaintext: textBytes('hello'), chat, freshness: FRESHNESS, pair }
    const peer = { self: ada.own, peer: ben.own.party, peerCard: ben.card }
    const one = await seal(await startSession(peer, environment), input, environment)
    const other = await seal(await startSession(peer, environment), input, environment)
    const { own: self, prekeys } = ben
    const accepted = await accept({ self, prekeys, envelope: one.envelope }, environment)
    if (accepted.kind !== 'opened') throw new Error(accepted.kind)
    const crossed = await open(accepted.session, { envelope: other.envelope }, environment)
    expect(crossed).toEqual({ kind: 'refused', code: 'ERR_SESSION_CONTEXT' })
  })
})

/** Some turns of both sides, each of which must open. */
async function talk(one: Side, other: Side, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    expect(await other.hear(await one.say(`to ${round}`))).toEqual(opened(`to ${round}`))
    expect(await one.hear(await other.say(`fro ${round}`))).toEqual(opened(`fro ${round}`))
  }
}

function sentAt(sent: readonly Envelope[], at: number): Envelope {
  const envelope = sent[at]
  if (envelope === undefined) throw new Error('no such envelope')
  return envelope
}
