import { describe, expect, test } from 'vitest'
import { createCast, START } from '../../test/session-cast.ts'
import { domainBytes } from '../identity/domain.ts'
import {
  CARD_LIFE_MS,
  createDeviceCard,
  deviceCardCodec,
  PREKEY_KEPT_MS,
  type PrekeySecrets,
  prekeySecretsCodec,
  prekeysToKeep,
  proveSignature,
  verifyDeviceCard,
} from './device-card.ts'

const DAY = 86_400_000
const { ada, ben, environment } = await createCast()
const bytes = deviceCardCodec.encode(ben.card)
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('a device card', () => {
  test('SES-2 is proved by the key it names', () => {
    expect(verifyDeviceCard(bytes, { now: START })).toEqual(ben.card)
    expect(ben.card.device).toBe(ben.own.party.device)
  })

  test('SES-2 no part of it can be changed, nor its device', () => {
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
      expect(() => verifyDeviceCard(changed, { now: START })).toThrowError(
        code('ERR_CARD_SIGNATURE'),
      )
    }
  })

  test('SES-2 stands until it expires, and not before it was made', () => {
    const { expiresAt, createdAt } = ben.card
    expect(verifyDeviceCard(bytes, { now: expiresAt - 1 })).toEqual(ben.card)
    expect(verifyDeviceCard(bytes, { now: createdAt - DAY })).toEqual(ben.card)
    for (const now of [expiresAt, createdAt - DAY - 1]) {
      expect(() => verifyDeviceCard(bytes, { now })).toThrowError(code('ERR_CARD_EXPIRED'))
    }
  })

  test('SES-2 nobody signs one that stands for longer than its secrets are kept', async () => {
    const { identityKey } = ben.own
    const input = { signer: ben.signer, identityKey, number: 2 }
    const { card } = await createDeviceCard({ ...input, life: 2 * CARD_LIFE_MS }, environment)
    expect(card.expiresAt - card.createdAt).toBe(CARD_LIFE_MS)
  })

  test('SES-2 nor is one accepted that its device signed itself for longer', async () => {
    const forLonger = { ...ben.card, expiresAt: ben.card.createdAt + CARD_LIFE_MS + 1 }
    const encoded = deviceCardCodec.encode(forLonger)
    // The signed body is the card without its last item: an array of 8 instead of 9.
    const body = Uint8Array.of(0x88, ...encoded.slice(1, -66))
    const signature = await ben.signer.sign(domainBytes('device card', body))
    const signed = deviceCardCodec.encode({ ...forLonger, signature })
    expect(() => proveSignature(deviceCardCodec.decode(signed))).not.toThrow()
    expect(() => verifyDeviceCard(signed, { now: START })).toThrowError(code('ERR_CARD_EXPIRED'))
  })

  test('SES-3 a card for one live exchange may stand for minutes', async () => {
    const { identityKey } = ben.own
    const input = { signer: ben.signer, identityKey, number: 3, life: 60_000 }
    const { card } = await createDeviceCard(input, environment)
    const live = deviceCardCodec.encode(card)
    expect(verifyDeviceCard(live, { now: START })).toEqual(card)
    expect(() => verifyDeviceCard(live, { now: START + 60_000 })).toThrowError(
      code('ERR_CARD_EXPIRED'),
    )
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
