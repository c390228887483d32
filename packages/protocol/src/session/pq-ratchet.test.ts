import { hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nativePrimitives } from '../../test/native-primitives.ts'
import {
  createCast,
  createEnvironment,
  createSeededRng,
  createSides,
  type Side,
  START,
  type TestEnvironment,
} from '../../test/session-cast.ts'
import { type Envelope, envelopeCodec } from '../envelope.ts'
import { createKeyPair } from './party.ts'
import { PQ_DUE_MS, PQ_DUE_TURNS } from './pq-ratchet.ts'
import { KEM_PUBLIC_KEY_BYTES } from './primitives.ts'
import {
  initiatorRatchet,
  type Ratchet,
  responderRatchet,
  stepReceiving,
  stepSending,
} from './ratchet.ts'
import { sessionSetCodec } from './session-codec.ts'

const opened = { kind: 'opened' }
const kindIn = ({ header }: Envelope): string => header.pq?.kind ?? '-'

/** One message each way, `exchanges` times; what each carried of the exchange, ada's and ben's in turn. */
async function talk(ada: Side, ben: Side, exchanges: number): Promise<readonly string[]> {
  const seen: string[] = []
  for (let exchange = 0; exchange < exchanges; exchange++) {
    for (const [one, other] of [
      [ada, ben],
      [ben, ada],
    ] as const) {
      const envelope = await one.say('.')
      expect(await other.hear(envelope)).toMatchObject(opened)
      one.set = sessionSetCodec.decode(sessionSetCodec.encode(one.set))
      other.set = sessionSetCodec.decode(sessionSetCodec.encode(other.set))
      seen.push(kindIn(envelope))
    }
  }
  return seen
}

/** As many turns as bring an offer of Ada's with her next message. */
const EXCHANGES_BEFORE_OFFER = PQ_DUE_TURNS / 2

describe('the post-quantum ratchet', () => {
  test('SES-30 the initiator offers after fifty turns, the answer comes with the next turn, then roles change', async () => {
    const { ada, ben } = createSides(await createCast())
    const half = EXCHANGES_BEFORE_OFFER
    const seen = await talk(ada, ben, 4 * half + 4)
    const [adas, bens] = [
      seen.filter((_, at) => at % 2 === 0),
      seen.filter((_, at) => at % 2 === 1),
    ]
    const places = (list: readonly string[], kind: string): readonly number[] =>
      list.flatMap((one, at) => (one === kind ? [at] : []))
    expect(places(adas, 'offer')).toEqual([half, 3 * half + 1])
    expect(places(bens, 'answer')).toEqual([half, 3 * half + 1])
    expect(places(bens, 'offer')).toEqual([2 * half, 4 * half + 1])
    expect(places(adas, 'answer')).toEqual([2 * half + 1, 4 * half + 2])
  })

  test('SES-30 or after 24 hours, in however few turns', async () => {
    const cast = await createCast()
    const { ada, ben } = createSides(cast)
    await talk(ada, ben, 1)
    cast.environment.clock.advance(PQ_DUE_MS - 1)
    expect(kindIn(await ada.say('not yet'))).toBe('-')
    cast.environment.clock.advance(1)
    expect(kindIn(await ada.say('now'))).toBe('offer')
    expect(kindIn(await ben.say('it is not my turn'))).toBe('-')
  })

  test('SES-30 nothing is offered to a peer that has never been heard on the session', async () => {
    const cast = await createCast()
    const { ada } = createSides(cast)
    await ada.say('hello')
    cast.environment.clock.advance(PQ_DUE_MS)
    const second = await ada.say('are you there?')
    expect([second.kind, kindIn(second)]).toEqual(['initial', '-'])
  })

  test('SES-31 key and answer are in every message until the peer has them, so that none of them need arrive', async () => {
    const { ada, ben } = createSides(await createCast())
    await talk(ada, ben, EXCHANGES_BEFORE_OFFER)
    const offers = [await ada.say('lost'), await ada.say('lost too'), await ada.say('arrives')]
    expect(offers.map(kindIn)).toEqual(['offer', 'offer', 'offer'])
    expect(new Set(offers.map(({ header }) => key(header.pq))).size).toBe(1)
    await hears(ben, offers[2])
    const answers = [await ben.say('lost'), await ben.say('arrives'), await ben.say('late')]
    expect(answers.map(kindIn)).toEqual(['answer', 'answer', 'answer'])
    await hears(ada, answers[1])
    expect(kindIn(await ada.say('thanks'))).toBe('-')
    // What was late opens all the same, under the keys it was sealed with.
    for (const late of [offers[1], offers[0]]) await hears(ben, late)
    for (const late of [answers[0], answers[2]]) await hears(ada, late)
    await talk(ada, ben, 2 * EXCHANGES_BEFORE_OFFER)
  })

  test('SES-32 a late message with a key of long ago is opened, and its key is not answered', async () => {
    const { ada, ben } = createSides(await createCast())
    await talk(ada, ben, EXCHANGES_BEFORE_OFFER)
    const late = await ada.say('late by two exchanges of keys')
    expect(kindIn(late)).toBe('offer')
    // Until it is Ada's turn to offer again, and she has not yet.
    await talk(ada, ben, 8)
    await hears(ben, late)
    const half = EXCHANGES_BEFORE_OFFER
    const seen = await talk(ada, ben, 4 * half + 4)
    expect(seen.filter((kind) => kind === 'answer').length).toBeGreaterThan(2)
  })

  test('SES-33 the turn of an answer takes both secrets in, under an info of its own', async () => {
    const recorder = recordingSecrets()
    const environment = createEnvironment('both secrets', recorder.primitives)
    const { ada, ben } = await ratchetsBeforeOffer(environment)
    const offered = await deliver(ada, ben, environment)
    const before = offered.to.rootKey
    recorder.clear()
    const answer = await stepSending(offered.to, environment)
    const [dh, ss] = [recorder.agreed[0], recorder.encapsulated[0]]
    if (answer === undefined || dh === undefined || ss === undefined) throw new Error('a turn')
    const info = 'kith/v1/session root\0ML-KEM-768'
    const derived = Buffer.from(hkdfSync('sha256', Buffer.concat([dh, ss]), before, info, 64))
    expect(Buffer.from(answer.ratchet.rootKey).equals(derived.subarray(0, 32))).toBe(true)
    const heard = await stepReceiving(offered.from, answer.header, environment)
    expect(heard.kind === 'key' && heard.messageKey).toEqual(answer.messageKey)
  })

  test('SES-33 who copies a state and breaks all X25519 follows until the answer, and no further', async () => {
    // X25519 as a quantum computer sees it: no secret at all.
    const broken = { ...nativePrimitives.x25519, agree: () => new Uint8Array(32) }
    const environment = createEnvironment('broken', { ...nativePrimitives, x25519: broken })
    const { ada, ben } = await ratchetsBeforeOffer(environment)
    const copy = ada
    const offer = await deliver(ada, ben, environment)
    const blind = { ...environment, rng: createSeededRng('the thief draws other bytes') }
    const answer = await deliver(offer.to, offer.from, environment)
    // The thief has all that went over the wire, and the state of Ada before her offer.
    const followed = await stepSending(copy, blind)
    expect(followed?.messageKey).toEqual(offer.messageKey)
    const seen = await stepReceiving(followed?.ratchet ?? copy, answer.header, blind)
    expect(seen.kind === 'key' && seen.messageKey).not.toEqual(answer.messageKey)
    // The same theft is not noticed by the turns alone: before the offer was due the thief followed them.
    const early = await ratchetsBeforeOffer(environment, 1)
    const thief = early.ada
    const there = await deliver(early.ada, early.ben, environment)
    const back = await deliver(there.to, there.from, environment)
    const own = await stepSending(thief, blind)
    const followedBack = await stepReceiving(own?.ratchet ?? thief, back.header, blind)
    expect(followedBack.kind === 'key' && followedBack.messageKey).toEqual(back.messageKey)
  })

  test('SES-34 what is no key, or an answer to nothing, is refused and changes nothing', async () => {
    const environment = createEnvironment('refused')
    const { ada, ben } = await ratchetsBeforeOffer(environment)
    const step = await stepSending(ada, environment)
    if (step === undefined) throw new Error('it can send')
    const noKey = new Uint8Array(KEM_PUBLIC_KEY_BYTES).fill(0xff)
    const offering = { ...step.header, pq: { kind: 'offer' as const, key: noKey } }
    expect(await stepReceiving(ben, offering, environment)).toEqual({
      kind: 'refused',
      code: 'ERR_KEY_REFUSED',
    })
    const ciphertext = new Uint8Array(1088)
    const answering = { ...step.header, pq: { kind: 'answer' as const, ciphertext } }
    expect(await stepReceiving(ben, answering, environment)).toEqual({
      kind: 'refused',
      code: 'ERR_SESSION_OPEN',
    })
  })

  test('SES-8 SES-31 key and answer are bound: neither can be changed, left out or put in', async () => {
    const { ada, ben } = createSides(await createCast())
    await talk(ada, ben, EXCHANGES_BEFORE_OFFER)
    const offer = await ada.say('with a key')
    const { pq, ...header } = offer.header
    if (pq?.kind !== 'offer') throw new Error('an offer is due')
    const other = await nativePrimitives.mlKem768.keyPair(new Uint8Array(64).fill(7))
    const changed: readonly Envelope[] = [
      { ...offer, header },
      { ...offer, header: { ...header, pq: { kind: 'offer', key: other.publicKey } } },
    ]
    const before = ben.set
    for (const envelope of changed) {
      expect(await ben.hear(envelope)).toEqual({ kind: 'refused', code: 'ERR_SESSION_OPEN' })
      expect(ben.set).toBe(before)
    }
    await hears(ben, offer)
    const answer = await ben.say('with an answer')
    const { pq: ciphertext, ...plain } = answer.header
    if (ciphertext?.kind !== 'answer') throw new Error('an answer is due')
    const flipped = ciphertext.ciphertext.map((byte, at) => (at === 500 ? byte ^ 1 : byte))
    for (const tampered of [
      { ...answer, header: plain },
      { ...answer, header: { ...plain, pq: { kind: 'answer' as const, ciphertext: flipped } } },
    ]) {
      expect((await ada.hear(tampered)).kind).toBe('refused')
    }
    await hears(ada, answer)
  })
})

function key(pq: Envelope['header']['pq']): string {
  return pq?.kind === 'offer' ? Buffer.from(pq.key).toString('hex') : '-'
}

async function hears(side: Side, envelope: Envelope | undefined): Promise<void> {
  if (envelope === undefined) throw new Error('no such envelope')
  const arrived = envelopeCodec.decode(envelopeCodec.encode(envelope))
  expect(await side.hear(arrived)).toMatchObject(opened)
}

/** Two ratchets that have taken turns until the next message of Ada's is due to offer. */
async function ratchetsBeforeOffer(
  environment: TestEnvironment,
  exchanges: number = EXCHANGES_BEFORE_OFFER,
): Promise<{ readonly ada: Ratchet; readonly ben: Ratchet }> {
  const prekey = await createKeyPair(environment)
  const start = { sharedKey: new Uint8Array(32).fill(3), at: START }
  let ada = initiatorRatchet({ ...start, prekey: prekey.publicKey })
  let ben = responderRatchet({ ...start, prekey })
  for (let exchange = 0; exchange < exchanges; exchange++) {
    const there = await deliver(ada, ben, environment)
    const back = await deliver(there.to, there.from, environment)
    ;[ada, ben] = [back.to, back.from]
  }
  return { ada, ben }
}

async function deliver(from: Ratchet, to: Ratchet, environment: TestEnvironment) {
  const step = await stepSending(from, environment)
  if (step === undefined) throw new Error('it can send')
  const taken = await stepReceiving(to, step.header, environment)
  if (taken.kind !== 'key') throw new Error(taken.kind)
  expect(taken.messageKey).toEqual(step.messageKey)
  return { from: step.ratchet, to: taken.ratchet, header: step.header, messageKey: step.messageKey }
}

function recordingSecrets() {
  const agreed: Uint8Array[] = []
  const encapsulated: Uint8Array[] = []
  const { x25519, mlKem768 } = nativePrimitives
  const clear = (): void => {
    agreed.length = 0
    encapsulated.length = 0
  }
  const primitives = {
    ...nativePrimitives,
    x25519: {
      ...x25519,
      agree: async (secretKey: Uint8Array, publicKey: Uint8Array) => {
        const secret = await x25519.agree(secretKey, publicKey)
        agreed.push(secret)
        return secret
      },
    },
    mlKem768: {
      ...mlKem768,
      encapsulate: async (publicKey: Uint8Array, randomness: Uint8Array) => {
        const result = await mlKem768.encapsulate(publicKey, randomness)
        encapsulated.push(result.sharedSecret)
        return result
      },
    },
  }
  return { agreed, encapsulated, clear, primitives }
}
