import { describe, expect, test } from 'vitest'
import { createCast, START } from '../../test/session-cast.ts'
import { domainBytes } from '../identity/domain.ts'
import {
  CARD_LIFE_MS,
  CARD_ROTATION_MS,
  createDeviceCard,
  createOneTimeCard,
  deviceCardCodec,
  isCardDue,
  isOneTimeCard,
  ONE_TIME_CARD_LIFE_MS,
  PREKEY_KEPT_MS,
  type PrekeySecrets,
  prekeySecretsCodec,
  prekeysToKeep,
  proveCardSignature,
  proveDeviceCard,
  verifyDeviceCard,
} from './device-card.ts'
import { noblePrimitives } from './noble-primitives.ts'

const DAY = 86_400_000
const { ada, ben, environment } = await createCast()
const bytes = deviceCardCodec.encode(ben.card)
const verify = (card: Uint8Array, now: number) => verifyDeviceCard(card, { now }, noblePrimitives)
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('a device card', () => {
  test('SES-2 is proved by the key it names', async () => {
    expect(await verify(bytes, START)).toEqual(ben.card)
    expect(ben.card.device).toBe(ben.own.party.device)
  })

  test('SES-2 no part of it can be changed, nor its device', async () => {
    const changes = [
      { device: ada.card.device },
      { identityKey: ada.card.identityKey },
      { prekey: ada.card.prekey },
      { kemPrekey: ada.card.kemPrekey },
      { number: 2 },
      { createdAt: ben.card.createdAt + 1 },
      { expiresAt: ben.card.expiresAt - 1 },
      { signature: ada.card.signature },
    ]
    for (const change of changes) {
      const changed = deviceCardCodec.encode({ ...ben.card, ...change })
      await expect(verify(changed, START)).rejects.toThrowError(code('ERR_CARD_SIGNATURE'))
      const read = deviceCardCodec.decode(changed)
      expect(() => proveDeviceCard(read, { now: START })).toThrowError(code('ERR_CARD_SIGNATURE'))
    }
  })

  test('SES-2 stands until it expires, and not before it was made', async () => {
    const { expiresAt, createdAt } = ben.card
    expect(await verify(bytes, expiresAt - 1)).toEqual(ben.card)
    expect(await verify(bytes, createdAt - DAY)).toEqual(ben.card)
    for (const now of [expiresAt, createdAt - DAY - 1]) {
      await expect(verify(bytes, now)).rejects.toThrowError(code('ERR_CARD_EXPIRED'))
    }
  })

  test('SES-2 stands for a week, and for as long as its secrets are kept behind that', () => {
    expect(ben.card.expiresAt - ben.card.createdAt).toBe(CARD_LIFE_MS)
    expect(CARD_LIFE_MS).toBe(CARD_ROTATION_MS + PREKEY_KEPT_MS)
  })

  test('SES-2 one that its device signed for longer is refused', async () => {
    const forLonger = { ...ben.card, expiresAt: ben.card.createdAt + CARD_LIFE_MS + 1 }
    const encoded = deviceCardCodec.encode(forLonger)
    // The signed body is the card without its last item: an array of 8 instead of 9.
    const body = Uint8Array.of(0x88, ...encoded.slice(1, -66))
    const signature = await ben.signer.sign(domainBytes('device card', body))
    const signed = deviceCardCodec.encode({ ...forLonger, signature })
    await proveCardSignature(deviceCardCodec.decode(signed), noblePrimitives)
    await expect(verify(signed, START)).rejects.toThrowError(code('ERR_CARD_EXPIRED'))
  })

  test('SES-2 every card has prekeys of its own', async () => {
    const { identityKey } = ben.own
    const input = { signer: ben.signer, identityKey, number: 4 }
    const { card, secrets } = await createDeviceCard(input, environment)
    expect(card.identityKey).toEqual(ben.card.identityKey)
    expect(card.prekey).not.toEqual(ben.card.prekey)
    expect(card.kemPrekey).not.toEqual(ben.card.kemPrekey)
    expect(prekeySecretsCodec.decode(prekeySecretsCodec.encode(secrets))).toEqual(secrets)
  })
})

describe('a one-time card', () => {
  const { identityKey } = ben.own
  const oneTime = () => createOneTimeCard({ signer: ben.signer, identityKey }, environment)

  test('SES-3 SES-21 is proved like another, and stands for minutes', async () => {
    const { card } = await oneTime()
    expect(await verify(deviceCardCodec.encode(card), START)).toEqual(card)
    expect(card.expiresAt - card.createdAt).toBe(ONE_TIME_CARD_LIFE_MS)
    expect(card.identityKey).toEqual(ben.card.identityKey)
  })

  test('SES-21 shares its number with no card of the device, published or not', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, oneTime))
    expect(made.every(({ card }) => isOneTimeCard(card))).toBe(true)
    expect(new Set(made.map(({ card }) => card.number)).size).toBe(20)
    expect(made.every(({ card, secrets }) => card.number === secrets.number)).toBe(true)
    expect(isOneTimeCard(ben.card)).toBe(false)
    // A card a week, for longer than any device lasts.
    expect(isOneTimeCard({ number: 52 * 1_000_000 })).toBe(false)
  })

  test('SES-21 its number is drawn from where no published card gets to', async () => {
    const numberOf = async (drawn: number): Promise<number> => {
      const rng = { bytes: (length: number) => new Uint8Array(length).fill(drawn) }
      const input = { signer: ben.signer, identityKey }
      return (await createOneTimeCard(input, { ...environment, rng })).card.number
    }
    expect(await numberOf(0)).toBe(2 ** 32)
    expect(await numberOf(0xff)).toBe(2 ** 48 - 1 + 2 ** 32)
    expect(isOneTimeCard({ number: 2 ** 32 })).toBe(true)
    expect(isOneTimeCard({ number: 2 ** 32 - 1 })).toBe(false)
  })

  test('SES-21 two clocks may be a day apart, in either direction', async () => {
    const { card } = await oneTime()
    const at = (now: number) => () => proveDeviceCard(card, { now })
    expect(at(card.createdAt - DAY)).not.toThrow()
    expect(at(card.createdAt + DAY)).not.toThrow()
    expect(at(card.createdAt - DAY - 1)).toThrowError(code('ERR_CARD_EXPIRED'))
    expect(at(card.expiresAt + DAY)).toThrowError(code('ERR_CARD_EXPIRED'))
  })

  test('SES-21 one that is meant to stand for longer is refused, whoever signed it', async () => {
    const { card } = await oneTime()
    const longer = { ...card, expiresAt: card.expiresAt + 1 }
    expect(() => proveDeviceCard(longer, { now: START })).toThrowError(code('ERR_CARD_EXPIRED'))
  })
})

test('SES-3 a card is due after a week, or when others would refuse it as from the future', () => {
  const due = (now: number): boolean => isCardDue(ben.card, { now })
  const { createdAt } = ben.card
  expect(due(createdAt)).toBe(false)
  expect(due(createdAt + CARD_ROTATION_MS - 1)).toBe(false)
  expect(due(createdAt + CARD_ROTATION_MS)).toBe(true)
  expect(due(createdAt - DAY)).toBe(false)
  expect(due(createdAt - DAY - 1)).toBe(true)
})

describe('prekey secrets', () => {
  const [secrets] = ben.prekeys
  const weekly = (number: number): PrekeySecrets => {
    if (secrets === undefined) throw new Error('Ben has prekeys')
    return { ...secrets, number, createdAt: START + number * 7 * DAY }
  }

  test('SES-3 are kept for 30 days after the newer card, the newest always', () => {
    const all = [1, 2, 3, 4, 5, 6].map(weekly)
    const kept = (now: number) => prekeysToKeep(all, { now }).map(({ number }) => number)
    const made = START + 6 * 7 * DAY
    expect(kept(made)).toEqual([6, 5, 4, 3, 2, 1])
    expect(kept(START + 2 * 7 * DAY + PREKEY_KEPT_MS - 1)).toContain(1)
    expect(kept(START + 2 * 7 * DAY + PREKEY_KEPT_MS)).not.toContain(1)
    expect(kept(made + 1000 * DAY)).toEqual([6])
  })
})
