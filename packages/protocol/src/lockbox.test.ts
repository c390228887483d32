import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { shake256 } from '@noble/hashes/sha3.js'
import { ml_kem768_x25519 as nobleXWing } from '@noble/post-quantum/hybrid.js'
import { describe, expect, test } from 'vitest'
import { equalBytes } from './codec/bytes.ts'
import type { Rng } from './environment.ts'
import { deriveAccountRoot } from './identity/account-root.ts'
import { domainBytes, joinBytes } from './identity/domain.ts'
import { signerFromSeed } from './identity/keys.ts'
import { type DeviceId, deviceIdFromPublicKey } from './ids.ts'
import { hpkeKeySchedule, openHpke, sealHpke } from './lockbox/hpke.ts'
import { decapsulateXWing, encapsulateXWing, expandXWingSeed } from './lockbox/xwing.ts'
import {
  LOCKBOX_OVERHEAD_BYTES,
  lockboxKeyOf,
  lockboxSecretOf,
  MAX_LOCKBOX_PLAINTEXT_BYTES,
  openLockbox,
  sealLockbox,
} from './lockbox.ts'
import { createDeviceCard, type DeviceCard } from './session/device-card.ts'
import { noblePrimitives } from './session/noble-primitives.ts'
import { createKeyPair } from './session/party.ts'

const rng = countingRng()
const clock = { now: () => 1_000_000, monotonic: () => 0 }
const environment = { rng, clock, primitives: noblePrimitives }
const info = domainBytes('epoch grant', text('for you'))
const aad = text('epoch 7')
const plaintext = text('a key nobody else may read')

describe('SES-17 a lockbox', () => {
  test('SES-17: sealed to a device card, the device opens it with its prekeys', async () => {
    const { device, card, secrets } = await cardOf(1)
    const lockbox = sealLockbox({ to: keyOf(card, device), info, aad, plaintext }, rng)
    const opened = openLockbox({ secret: lockboxSecretOf(secrets), info, aad, lockbox })
    expect(opened).toEqual(plaintext)
    expect(lockbox.length - plaintext.length).toBeLessThanOrEqual(LOCKBOX_OVERHEAD_BYTES)
  })

  test('SES-17: sealed to the recovery key, the words open it', () => {
    const { recoveryPublicKey, recoverySecretKey } = deriveAccountRoot(bytesOf(16, 3))
    const lockbox = sealLockbox({ to: recoveryPublicKey, info, aad, plaintext }, rng)
    expect(openLockbox({ secret: recoverySecretKey, info, aad, lockbox })).toEqual(plaintext)
    expect(openLockbox({ secret: bytesOf(32, 4), info, aad, lockbox })).toBeUndefined()
  })

  test('SES-17: another key, half of the key, another purpose, other associated data or a changed byte open nothing', async () => {
    const [mine, other] = [await cardOf(1), await cardOf(2)]
    const lockbox = sealLockbox({ to: keyOf(mine.card, mine.device), info, aad, plaintext }, rng)
    const secret = {
      mlkem: mine.secrets.kemPrekey.secretKey,
      x25519: mine.secrets.prekey.secretKey,
    }
    const right = { secret, info, aad, lockbox }
    const wrong = [
      { ...right, secret: lockboxSecretOf(other.secrets) },
      { ...right, secret: { ...secret, x25519: other.secrets.prekey.secretKey } },
      { ...right, secret: { ...secret, mlkem: other.secrets.kemPrekey.secretKey } },
      { ...right, info: domainBytes('epoch grant', text('for thee')) },
      { ...right, aad: text('epoch 8') },
      { ...right, lockbox: lockbox.slice(0, -1) },
      { ...right, lockbox: joinBytes(lockbox, Uint8Array.of(0)) },
      { ...right, lockbox: new Uint8Array() },
      ...[9, 600, 1_100, lockbox.length - 40, lockbox.length - 1].map((at) => ({
        ...right,
        lockbox: lockbox.with(at, (lockbox[at] ?? 0) ^ 1),
      })),
    ]
    for (const opening of wrong) expect(openLockbox(opening)).toBeUndefined()
    expect(openLockbox(right)).toEqual(plaintext)
  })

  test('SES-17: a box of another suite is refused with its own code', () => {
    const { recoveryPublicKey, recoverySecretKey } = deriveAccountRoot(bytesOf(16, 3))
    const lockbox = sealLockbox({ to: recoveryPublicKey, info, aad, plaintext }, rng)
    expect(lockbox[1]).toBe(1)
    const newer = lockbox.with(1, 2)
    expect(() => openLockbox({ secret: recoverySecretKey, info, aad, lockbox: newer })).toThrow(
      expect.objectContaining({ code: 'ERR_SUITE_UNKNOWN' }),
    )
  })

  test('SES-17: two boxes of the same have nothing in common', () => {
    const { recoveryPublicKey } = deriveAccountRoot(bytesOf(16, 3))
    const [one, two] = [1, 2].map(() =>
      sealLockbox({ to: recoveryPublicKey, info, aad, plaintext }, rng),
    )
    expect(one?.slice(10, 1_000)).not.toEqual(two?.slice(10, 1_000))
    expect(one?.slice(-30)).not.toEqual(two?.slice(-30))
  })

  test('SES-17: what is too large and what is no key is refused before anything is sealed', () => {
    const { recoveryPublicKey: to, recoverySecretKey: secret } = deriveAccountRoot(bytesOf(16, 3))
    const largest = new Uint8Array(MAX_LOCKBOX_PLAINTEXT_BYTES)
    const lockbox = sealLockbox({ to, info, aad, plaintext: largest }, rng)
    const opened = openLockbox({ secret, info, aad, lockbox })
    expect(opened && equalBytes(opened, largest)).toBe(true)
    const over = new Uint8Array(MAX_LOCKBOX_PLAINTEXT_BYTES + 1)
    expect(codeOf(() => sealLockbox({ to, info, aad, plaintext: over }, rng))).toBe('ERR_TOO_LARGE')
    const badKeys = [to.slice(1), to.with(0, 0xff).with(1, 0xff), withSmallOrder(to)]
    for (const bad of badKeys) {
      const seal = () => sealLockbox({ to: bad, info, aad, plaintext }, rng)
      expect(codeOf(seal)).toBe('ERR_KEY_REFUSED')
    }
  })

  test('SES-17: a card is sealed to only while it stands, is signed and is of the device meant', async () => {
    const { device, card } = await cardOf(1)
    const other = await cardOf(2)
    const seal = (one: typeof card, now: number) => () => lockboxKeyOf(one, { device, now })
    expect(codeOf(seal(other.card, clock.now()))).toBe('ERR_CARD_SIGNATURE')
    expect(codeOf(seal(card, card.expiresAt))).toBe('ERR_CARD_EXPIRED')
    const swapped = { ...card, kemPrekey: other.card.kemPrekey }
    expect(codeOf(seal(swapped, clock.now()))).toBe('ERR_CARD_SIGNATURE')
  })
})

describe('SES-17 known answers', () => {
  test('RFC 9180 A.1.1 and A.2.1: the key schedule of base mode', () => {
    const rfcInfo = hex('4f6465206f6e2061204772656369616e2055726e')
    const [one, two] = [
      hpkeKeySchedule(
        { kem: 0x0020, kdf: 0x0001, aead: 0x0001, keyBytes: 16 },
        hex('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc'),
        rfcInfo,
      ),
      hpkeKeySchedule(
        { kem: 0x0020, kdf: 0x0001, aead: 0x0003, keyBytes: 32 },
        hex('0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7'),
        rfcInfo,
      ),
    ]
    expect(one).toEqual({
      key: hex('4531685d41d65f03dc48f6b8302c05b0'),
      nonce: hex('56d890e5accaaf011cff4b7d'),
    })
    expect(two).toEqual({
      key: hex('ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91'),
      nonce: hex('5c4d98150661b848853b547f'),
    })
  })

  // The vector of draft-ietf-hpke-pq for (0x647a, 0x0001, 0x0003), first encryption. Its info and
  // plaintext are the RFC's, written out in hexadecimal digits.
  test('draft-ietf-hpke-pq: X-Wing, HKDF-SHA256, ChaCha20-Poly1305', () => {
    const secret = expandXWingSeed(
      hex('3ec47fa82dd5689d27c6190e724c74ec8f608df3331ce331929e37b829676630'),
    )
    const randomness = hex(
      '2a1c0a3745fe8a48fb62034d300f54dfe1974a5b2e169e580a8789cb1cf5fd19' +
        '0fc00f3fd899594e01a8b15334b9f3fa03d8de44da86e19f5776850fb689e6c8',
    )
    const to = publicKeyOf(secret)
    expect(to.slice(0, 16)).toEqual(hex('f5fb01a5db909ac907ecc9524de9b9ea'))
    expect(to.slice(-16)).toEqual(hex('72220e7f4d4f557f15b33dcf32e5c837'))

    const { ciphertext, sharedSecret } = encapsulateXWing(to, randomness)
    expect(ciphertext.slice(0, 16)).toEqual(hex('26759c7b22923ea5cc9c78e3e14c8fc6'))
    expect(ciphertext.slice(-16)).toEqual(hex('2703f9b47d34d1a3cbafe42c73f57d0e'))
    expect(sharedSecret).toEqual(
      hex('58200ed1f137bd95a921bb47f6aaecf2395b26f7fd24efd3a5ffae4849e8dea3'),
    )
    const context = {
      info: text('4f6465206f6e2061204772656369616e2055726e'),
      aad: hex('436f756e742d30'),
    }
    const sealed = text('4265617574792069732074727574682c20747275746820626561757479')
    const box = sealHpke(to, { ...context, plaintext: sealed }, randomness)
    expect(box.slice(ciphertext.length)).toEqual(
      hex(
        'c5c591f99092d5e38df0a52699af249c66f8275a863423c076de8147a53e65cc584041c963b77a7e59ea' +
          '93841b1339b5efda8909b71f74bb0073ad62e899de310c1566dea2fd29eba377',
      ),
    )
    expect(openHpke(secret, { ...context, box })).toEqual(sealed)
  })

  test('X-Wing of its two parts is the X-Wing of noble', () => {
    for (let at = 0; at < 20; at += 1) {
      const { publicKey, secretKey } = nobleXWing.keygen(rng.bytes(32))
      const secret = expandXWingSeed(secretKey)
      expect(publicKeyOf(secret)).toEqual(publicKey)
      const randomness = rng.bytes(64)
      const ours = encapsulateXWing(publicKey, randomness)
      const theirs = nobleXWing.encapsulate(publicKey, randomness)
      expect(ours).toEqual({ ciphertext: theirs.cipherText, sharedSecret: theirs.sharedSecret })
      expect(decapsulateXWing(secret, theirs.cipherText)).toEqual(theirs.sharedSecret)
      expect(nobleXWing.decapsulate(ours.ciphertext, secretKey)).toEqual(ours.sharedSecret)
    }
  })
})

const vectors = fileURLToPath(
  new URL('../../../../shared/vectors/xwing/test-vectors-MLKEM768X25519.json', import.meta.url),
)
const absent = existsSync(vectors) ? '' : ' (skipped: no ../shared/vectors beside the repository)'

describe.skipIf(absent !== '')(`public vectors${absent}`, () => {
  test('SES-17: X-Wing composed of its two parts', () => {
    const cases: readonly Record<'seed' | 'randomness' | 'pk' | 'ct' | 'ss', string>[] = JSON.parse(
      readFileSync(vectors, 'utf8'),
    )
    for (const { seed, randomness, pk, ct, ss } of cases) {
      const secret = expandXWingSeed(hex(seed))
      expect(publicKeyOf(secret)).toEqual(hex(pk))
      expect(encapsulateXWing(hex(pk), hex(randomness))).toEqual({
        ciphertext: hex(ct),
        sharedSecret: hex(ss),
      })
      expect(decapsulateXWing(secret, hex(ct))).toEqual(hex(ss))
    }
    expect(cases.length).toBeGreaterThan(5)
  })
})

async function cardOf(number: number) {
  const signer = signerFromSeed(bytesOf(32, number))
  const identityKey = await createKeyPair(environment)
  const made = await createDeviceCard({ signer, identityKey, number: 1 }, environment)
  return { device: deviceIdFromPublicKey(signer.publicKey), ...made }
}

function keyOf(card: DeviceCard, device: DeviceId): Uint8Array {
  return lockboxKeyOf(card, { device, now: clock.now() })
}

/** The X-Wing key of both halves, as a device card holds them. */
function publicKeyOf({ mlkem, x25519 }: ReturnType<typeof expandXWingSeed>): Uint8Array {
  const kem = noblePrimitives.mlKem768.keyPair(mlkem)
  const curve = noblePrimitives.x25519.keyPair(x25519)
  if (kem instanceof Promise || curve instanceof Promise) throw new Error('noble is synchronous')
  return joinBytes(kem.publicKey, curve.publicKey)
}

/** The X25519 half replaced by the point of order one. */
function withSmallOrder(key: Uint8Array): Uint8Array {
  return joinBytes(key.slice(0, -32), new Uint8Array(32))
}

function codeOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return undefined
}

/** Reproducible, and never the same twice. */
function countingRng(): Rng {
  let count = 0
  return {
    bytes: (length) => {
      count += 1
      return shake256(Uint8Array.of(count >> 8, count & 0xff), { dkLen: length })
    },
  }
}

function bytesOf(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value)
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function hex(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value, 'hex'))
}
