/** Everything of sessions, contents and envelopes that is read from bytes, fed with what it should not get. */

import { describe, expect, test } from 'vitest'
import { createCast, createSeededRng, createSides, START } from '../test/session-cast.ts'
import type { Codec } from './codec/codec.ts'
import { contentCodec, messageIdOf } from './content.ts'
import { envelopeCodec } from './envelope.ts'
import { isKithError } from './errors.ts'
import { cannotOpenCodec, signCannotOpen } from './session/cannot-open.ts'
import {
  deviceCardCodec,
  keyPairCodec,
  prekeySecretsCodec,
  proveDeviceCard,
} from './session/device-card.ts'
import { sessionSetCodec } from './session/session-codec.ts'

interface Sample {
  readonly name: string
  readonly decode: (bytes: Uint8Array) => unknown
  readonly bytes: Uint8Array
}

function sample<T>(name: string, codec: Codec<T>, value: T): Sample {
  return { name, decode: codec.decode, bytes: codec.encode(value) }
}

const samples = await createSamples()

async function createSamples(): Promise<readonly Sample[]> {
  const cast = await createCast()
  const { ada, ben } = createSides(cast)
  const initial = await ada.say('hello')
  await ben.hear(initial)
  await ada.say('skipped')
  await ben.hear(await ada.say('after it'))
  await ada.hear(await ben.say('hi'))
  const ratchet = await ada.say('and so on')
  const [secrets] = cast.ben.prekeys
  if (secrets === undefined) throw new Error('they talked')
  const content = {
    chat: cast.chat,
    author: cast.ada.own.party,
    seq: 1,
    parents: [],
    at: START,
    salt: new Uint8Array(16),
    body: { kind: 'text' as const, text: 'hello' },
  }
  const { by, to } = { by: cast.ben.own.party, to: cast.ada.own.party }
  const { ratchetKey } = ratchet.header
  const message = messageIdOf(contentCodec.encode(content))
  const unopened = await signCannotOpen({ by, to, message, ratchetKey }, cast.ben.signer)
  return [
    sample('initial envelope', envelopeCodec, initial),
    sample('ratchet envelope', envelopeCodec, ratchet),
    sample('content', contentCodec, content),
    sample('card', deviceCardCodec, cast.ada.card),
    sample('session set', sessionSetCodec, ben.set),
    sample('cannot-open', cannotOpenCodec, unopened),
    sample('prekey secrets', prekeySecretsCodec, secrets),
    sample('key pair', keyPairCodec, cast.ada.own.identityKey),
  ]
}

/** The code it is refused by, or `read`. Anything but a KithError is a bug. */
function outcome(decode: () => unknown): string {
  try {
    decode()
    return 'read'
  } catch (error) {
    if (isKithError(error)) return error.code
    throw error
  }
}

describe('decoders', () => {
  test('MSG-5 every sample comes back from its bytes', () => {
    for (const { name, decode, bytes } of samples) {
      expect(
        outcome(() => decode(bytes)),
        name,
      ).toBe('read')
    }
  })

  test('A4 no kind of bytes is read as another', () => {
    for (const from of samples) {
      for (const into of samples) {
        if (from.decode === into.decode) continue
        const fed = `${from.name} into the decoder of ${into.name}`
        expect(
          outcome(() => into.decode(from.bytes)),
          fed,
        ).toBe('ERR_MALFORMED')
      }
    }
  })

  test('MSG-5 SES-16 one byte more or less is refused', () => {
    for (const { name, decode, bytes } of samples) {
      const longer = new Uint8Array([...bytes, 0])
      expect(
        outcome(() => decode(longer)),
        name,
      ).toBe('ERR_MALFORMED')
      expect(
        outcome(() => decode(bytes.slice(0, -1))),
        name,
      ).toBe('ERR_MALFORMED')
      expect(
        outcome(() => decode(new Uint8Array())),
        name,
      ).toBe('ERR_MALFORMED')
    }
  })

  test('MSG-6 SES-16 ID-9 a suite that is not known has an error of its own', () => {
    const suiteSecond = samples.filter(({ name }) => /envelope|card|session|cannot-open/.test(name))
    for (const { name, decode, bytes } of suiteSecond) {
      // An array of few items, whose first is the suite: bytes 0 and 1.
      expect(bytes[1], name).toBe(1)
      const later = bytes.map((byte, at) => (at === 1 ? 2 : byte))
      expect(
        outcome(() => decode(later)),
        name,
      ).toBe('ERR_SUITE_UNKNOWN')
    }
  })

  test('C1 C3 24,000 mutated inputs are read or refused by a KithError, nothing else', () => {
    const rng = createSeededRng('fuzz')
    let refused = 0
    for (const { name, decode, bytes } of samples) {
      for (let round = 0; round < 3000; round++) {
        const mutated = mutate(bytes, rng.bytes(16))
        const result = outcome(() => decode(mutated))
        if (result !== 'read') refused++
        expect(result, name).toMatch(/^(read|ERR_MALFORMED|ERR_SUITE_UNKNOWN)$/)
      }
    }
    expect(refused).toBeGreaterThan(1000)
  })

  test('SES-2 mutated cards are refused, whatever still decodes', () => {
    const card = samples.find(({ name }) => name === 'card')
    if (card === undefined) throw new Error('a card is among the samples')
    const rng = createSeededRng('cards')
    for (let round = 0; round < 300; round++) {
      const mutated = mutate(card.bytes, rng.bytes(16))
      if (Buffer.from(mutated).equals(card.bytes)) continue
      const result = outcome(() => proveDeviceCard(deviceCardCodec.decode(mutated), { now: START }))
      expect(result).toMatch(/^ERR_(MALFORMED|SUITE_UNKNOWN|CARD_SIGNATURE|CARD_EXPIRED)$/)
    }
  })
})

/** Overwrites, cuts, doubles or lengthens, as `random` says; length fields stand early, so often there. */
function mutate(bytes: Uint8Array, random: Uint8Array): Uint8Array {
  const [kind = 0, high = 0, low = 0, value = 0, early = 0, count = 0] = random
  const range = early < 128 ? Math.min(bytes.length, 64) : bytes.length
  const at = (high * 256 + low) % range
  switch (kind % 5) {
    case 0:
      return bytes.map((byte, index) => (index === at ? value : byte))
    case 1:
      return bytes.map((byte, index) => (index === at ? byte ^ (1 << (value % 8)) : byte))
    case 2:
      return bytes.slice(0, at)
    case 3:
      return Uint8Array.from([...bytes.slice(0, at), ...random, ...bytes.slice(at)])
    default:
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1 + (count % 8))])
  }
}
