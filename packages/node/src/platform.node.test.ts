import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  checkPrimitives,
  isEnrollableKey,
  noblePrimitives,
  verifySignature,
} from '@kithmesh/protocol'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { asBytes, asKeyObject } from './aead.node.ts'
import { nodePlatform } from './platform.node.ts'
import { MEMORY_HOME } from './platform.ts'
import { createNodePrimitives, nodePrimitives } from './primitives.node.ts'

const { rng } = nodePlatform
const root = await mkdtemp(join(tmpdir(), 'kith-platform-'))
afterAll(() => rm(root, { recursive: true, force: true }))

function modeOf(path: string): Promise<number> {
  return stat(path).then(({ mode }) => mode & 0o777)
}

describe('keys in files', () => {
  test('STO-25 the identity is made once, for its owner alone', async () => {
    const home = join(root, 'deep', 'identity')
    const one = await nodePlatform.openIdentity(home)
    const two = await nodePlatform.openIdentity(home)
    expect(two.publicKey).toEqual(one.publicKey)
    expect(isEnrollableKey(one.publicKey)).toBe(true)
    expect(await modeOf(home)).toBe(0o700)
    expect(await modeOf(join(home, 'identity.key'))).toBe(0o600)
    expect(await readdir(home)).toEqual(['identity.key'])
  })

  test('STO-25 a home that others could look into is closed to them', async () => {
    const home = join(root, 'open')
    await nodePlatform.openStoreKey(home)
    await chmod(home, 0o755)
    await nodePlatform.openStoreKey(home)
    expect(await modeOf(home)).toBe(0o700)
  })

  test('STO-25 of many that make a secret at once all get the same', async () => {
    const home = join(root, 'crowd')
    const made = await Promise.all(
      Array.from({ length: 8 }, () =>
        nodePlatform.loadOrCreate(home, 'certificate', () => rng.bytes(100)),
      ),
    )
    for (const secret of made) expect(secret).toEqual(made[0])
    expect(await readdir(home)).toEqual(['certificate'])
  })

  test('STO-26 E2 every flipped bit in a key file is told, never taken for another key', async () => {
    const home = join(root, 'rotten')
    await nodePlatform.openIdentity(home)
    const path = join(home, 'identity.key')
    const whole = await readFile(path)
    for (let bit = 0; bit < whole.length * 8; bit += 7) {
      const rotten = Uint8Array.from(whole)
      rotten[bit >> 3] = (rotten[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await writeFile(path, rotten)
      await expect(nodePlatform.openIdentity(home)).rejects.toMatchObject({
        code: 'ERR_STORE_CORRUPT',
      })
    }
    await writeFile(path, whole.subarray(0, 20))
    await expect(nodePlatform.openIdentity(home)).rejects.toMatchObject({
      code: 'ERR_STORE_CORRUPT',
    })
  })

  test('STO-25 a name that leaves the home is refused', async () => {
    for (const name of ['../x', 'a/b', '', '.hidden', 'UPPER', 'x'.repeat(65)]) {
      await expect(
        nodePlatform.loadOrCreate(root, name, () => new Uint8Array()),
      ).rejects.toMatchObject({ code: 'ERR_MALFORMED' })
    }
  })

  test('STO-27 homes in memory share nothing and leave nothing', async () => {
    const one = await nodePlatform.openIdentity(MEMORY_HOME)
    const two = await nodePlatform.openIdentity(MEMORY_HOME)
    expect(two.publicKey).not.toEqual(one.publicKey)
    await expect(stat(MEMORY_HOME)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('native cryptography', () => {
  test.each([
    ['bytes', asBytes],
    ['KeyObject', asKeyObject],
  ])('SES-1 the primitives agree with the vectors, keys as %s', async (_, form) => {
    expect(await checkPrimitives(createNodePrimitives(form))).toEqual([])
  })

  test('SES-1 native and noble primitives agree on any input', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    await fc.assert(
      fc.asyncProperty(bytes, bytes, key, key, async (one, other, key1, key2) => {
        const results = await Promise.all(
          [nodePrimitives, noblePrimitives].map(async (primitives) => {
            const aead = { key: key1, nonce: key2.slice(0, 12), bytes: one, associatedData: other }
            const { publicKey } = await primitives.x25519.keyPair(key1)
            return [
              await primitives.sha256(one),
              await primitives.hmacSha256(one, other),
              await primitives.hkdfSha256({ secret: one, salt: other, info: key1, length: 77 }),
              await primitives.aes256Gcm.seal(aead),
              publicKey,
              await primitives.x25519.agree(key2, publicKey),
            ]
          }),
        )
        expect(results[0]).toEqual(results[1])
      }),
      { numRuns: 50 },
    )
  })

  test('the identity signs what the one verifier accepts, and the fast verifier too', async () => {
    const signer = await nodePlatform.openIdentity(MEMORY_HOME)
    const { publicKey } = signer
    const bytes = rng.bytes(300)
    const signature = await signer.sign(bytes)
    expect(signature).toHaveLength(64)
    expect(verifySignature(publicKey, bytes, signature)).toBe(true)
    expect(await nodePlatform.primitives.verifyEd25519({ publicKey, bytes, signature })).toBe(true)
    const changed = bytes.with(7, (bytes[7] ?? 0) ^ 1)
    expect(
      await nodePlatform.primitives.verifyEd25519({ publicKey, bytes: changed, signature }),
    ).toBe(false)
    for (const bad of [new Uint8Array(31), new Uint8Array(32).fill(0xff)]) {
      expect(
        await nodePlatform.primitives.verifyEd25519({ publicKey: bad, bytes, signature }),
      ).toBe(false)
    }
  })
})
