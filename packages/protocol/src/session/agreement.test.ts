import { createHash, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createCast, createEnvironment } from '../../test/session-cast.ts'
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

  test('SES-3 the secrets are those of the card that was used, while they are kept', async () => {
    const { ada, ben, environment } = await createCast()
    const made = await initiateAgreement({ self: ada.own, peerCard: ben.card }, environment)
    const [used] = ben.prekeys
    if (used === undefined) throw new Error('prekeys of one card')
    const newer = { ...used, number: used.number + 1 }
    expect(prekeysOf(made.agreement, [newer, used])).toBe(used)
    expect(() => prekeysOf(made.agreement, [newer])).toThrowError(
      expect.objectContaining({ code: 'ERR_SESSION_PREKEY' }),
    )
  })

  test('SES-4 every start has keys of its own', async () => {
    const { ada, ben, environment } = await createCast()
    const start = () => initiateAgreement({ self: ada.own, peerCard: ben.card }, environment)
    const [one, other] = [await start(), await start()]
    expect(one.sharedKey).not.toEqual(other.sharedKey)
    expect(one.agreement.ephemeralKey).not.toEqual(other.agreement.ephemeralKey)
    expect(one.agreement.kemCiphertext).not.toEqual(other.agreement.kemCiphertext)
  })
})
