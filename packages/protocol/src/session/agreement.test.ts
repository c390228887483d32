import { createHash, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createCast, createEnvironment, createSides } from '../../test/session-cast.ts'
import { envelopeCodec } from '../envelope.ts'
import { acceptAgreement, initiateAgreement, prekeysOf } from './agreement.ts'
import { noblePrimitives } from './noble-primitives.ts'

describe('PQXDH', () => {
  test('SES-4 both sides derive SK as the specification says, from DH1, DH2, DH3 and SS', async () => {
    const { ada, ben, environment } = await createCast(createEnvironment('SK', noblePrimitives))
    const made = await initiateAgreement({ self: ada.own, peerCard: ben.card }, environment)
    const prekeys = prekeysOf(made.agreement, ben.prekeys)
    const accepted = await acceptAgreement(
      {
        identityKey: ben.own.identityKey,
        prekeys,
        agreement: made.agreement,
        initiatorKey: ada.card.identityKey,
      },
      noblePrimitives,
    )
    const { x25519, mlKem768 } = noblePrimitives
    const { ephemeralKey, kemCiphertext } = made.agreement
    const secrets = await Promise.all([
      x25519.agree(prekeys.prekey.secretKey, ada.card.identityKey),
      x25519.agree(ben.own.identityKey.secretKey, ephemeralKey),
      x25519.agree(prekeys.prekey.secretKey, ephemeralKey),
      mlKem768.decapsulate(prekeys.kemPrekey.secretKey, kemCiphertext),
    ])
    const info = 'kith/v1/session agreement\0CURVE25519_SHA-256_ML-KEM-768'
    const material = Buffer.concat([Buffer.alloc(32, 0xff), ...secrets])
    const expected = new Uint8Array(hkdfSync('sha256', material, Buffer.alloc(32), info, 32))
    expect(made.sharedKey).toEqual(expected)
    expect(accepted.sharedKey).toEqual(expected)
    expect(accepted.binding).toEqual(made.binding)
  })

  test('SES-4 the binding is over both identity keys and the KEM prekey', async () => {
    const { ada, ben, environment } = await createCast()
    const made = await initiateAgreement({ self: ada.own, peerCard: ben.card }, environment)
    const expected = createHash('sha256')
      .update('kith/v1/session binding\0')
      .update(Uint8Array.of(0x05))
      .update(ada.card.identityKey)
      .update(Uint8Array.of(0x05))
      .update(ben.card.identityKey)
      .update(Uint8Array.of(0x0a))
      .update(ben.card.kemPrekey)
      .digest()
    expect(Buffer.from(made.binding).equals(expected)).toBe(true)
  })

  test('SES-4 every start has keys of its own', async () => {
    const { ada, ben, environment } = await createCast()
    const start = () => initiateAgreement({ self: ada.own, peerCard: ben.card }, environment)
    const [one, other] = [await start(), await start()]
    expect(one.sharedKey).not.toEqual(other.sharedKey)
    expect(one.agreement.ephemeralKey).not.toEqual(other.agreement.ephemeralKey)
    expect(one.agreement.kemCiphertext).not.toEqual(other.agreement.kemCiphertext)
  })

  test('SES-4 MSG-6 suite 1 stays as it is: the envelopes of a fixed conversation', async () => {
    const { ada, ben } = createSides(await createCast(createEnvironment('suite 1')))
    const first = await ada.say('hello')
    await ben.hear(first)
    const answer = await ben.say('hi')
    const hashes = [first, answer].map((envelope) =>
      createHash('sha256').update(envelopeCodec.encode(envelope)).digest('hex'),
    )
    expect(hashes).toEqual([
      'd11a5a0b207a03de202aad74b9c4c3af5b14e2939719f656d96c105443053a1a',
      '4ae6f1185406310bfb672ee6153cdd53de003aecdafb4e736dc0da472d0d631c',
    ])
  })
})
