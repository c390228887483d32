import { describe, expect, test } from 'vitest'
import { isKithError } from '../errors.ts'
import { deriveAccountRoot } from '../identity/account-root.ts'
import { joinBytes } from '../identity/domain.ts'
import { signerFromSeed } from '../identity/keys.ts'
import { accountIdFromBytes, deviceIdFromPublicKey } from '../ids.ts'
import {
  createRecoveryCopy,
  MAX_COPY_BYTES,
  MAX_COPY_CONTENTS_BYTES,
  openRecoveryCopy,
  type RecoveryContents,
  readRecoveryCopy,
  recoveryCopyCodec,
} from './recovery-copy.ts'
import { proveRecovery, verifyRecoveryProof } from './recovery-proof.ts'

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
let drawn = 0
const rng = { bytes: (length: number) => filled(length, ++drawn % 256) }
const root = deriveAccountRoot(filled(16, 1))
const phone = signerFromSeed(filled(32, 2))
const account = accountIdFromBytes(filled(32, 3))
const device = deviceIdFromPublicKey(phone.publicKey)
const contents: RecoveryContents = {
  log: filled(40, 4),
  epochs: filled(50, 5),
  data: filled(60, 6),
  people: [{ account: accountIdFromBytes(filled(32, 7)), log: filled(70, 8) }],
  places: [{ device, addresses: ['/ip4/192.0.2.1/tcp/1'] }],
}

function make(of: Partial<RecoveryContents> = {}): Promise<Uint8Array> {
  const { recoveryPublicKey: recoveryKey } = root
  const draft = { account, recoveryKey, signer: phone, number: 7, madeAt: 1_000 }
  return createRecoveryCopy({ ...draft, contents: { ...contents, ...of } }, rng)
}

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'none'
  } catch (error) {
    return isKithError(error) ? error.code : 'other'
  }
}

describe('a recovery copy', () => {
  test('REC-10: opens with the key of the words, and says who made it, when and which', async () => {
    const copy = readRecoveryCopy(await make())
    expect(copy).toMatchObject({ account, device, number: 7, madeAt: 1_000 })
    expect(openRecoveryCopy(copy, root.recoverySecretKey)).toEqual(contents)
  })

  test('REC-10: opens with no other key', async () => {
    const other = deriveAccountRoot(filled(16, 9)).recoverySecretKey
    expect(openRecoveryCopy(readRecoveryCopy(await make()), other)).toBeUndefined()
  })

  test('REC-10: shows nothing of what is in it', async () => {
    const canary = new TextEncoder().encode('a canary that must stay inside')
    const copy = await make({ data: canary })
    expect(Buffer.from(copy).includes(Buffer.from(canary))).toBe(false)
  })

  test('REC-12: a copy of which any byte was changed is refused or does not open', async () => {
    const copy = await make()
    const step = Math.floor(copy.length / 200)
    for (let at = 0; at < copy.length; at += step) {
      const changed = Uint8Array.from(copy)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect([at, codeOf(() => readRecoveryCopy(changed))]).not.toEqual([at, 'none'])
    }
  })

  test('REC-12: the box of one copy does not open under the head of another', async () => {
    const one = readRecoveryCopy(await make())
    for (const head of [
      { account: accountIdFromBytes(filled(32, 77)) },
      { number: 8 },
      { madeAt: 2 },
      { device: deviceIdFromPublicKey(root.signer.publicKey) },
    ]) {
      expect(openRecoveryCopy({ ...one, ...head }, root.recoverySecretKey)).toBeUndefined()
    }
  })

  test('REC-12: somebody else cannot sign in the name of the device', async () => {
    const copy = recoveryCopyCodec.decode(await make())
    const { signature } = recoveryCopyCodec.decode(
      await createRecoveryCopy(
        {
          account,
          contents,
          recoveryKey: root.recoveryPublicKey,
          signer: root.signer,
          number: 7,
          madeAt: 1_000,
        },
        rng,
      ),
    )
    const forged = recoveryCopyCodec.encode({ ...copy, signature })
    expect(codeOf(() => readRecoveryCopy(forged))).toBe('ERR_SIGNATURE')
  })

  test('REC-11: the length tells the length of the contents in steps of 4 KiB only', async () => {
    const lengths = await Promise.all(
      [0, 1, 100, 1_000, 3_000].map(
        async (length) => (await make({ data: filled(length, 1) })).length,
      ),
    )
    expect(new Set(lengths).size).toBe(1)
    const more = (await make({ data: filled(5_000, 1) })).length
    expect(more - (lengths[0] ?? 0)).toBe(4096)
  })

  test('REC-11 B7: 256 guesses of what stands beside a secret have one length', async () => {
    const secret = new TextEncoder().encode('a secret beside it: 7')
    const lengths = new Set<number>()
    for (let guess = 0; guess < 256; guess++) {
      // What a compressor would make shorter when it repeats the secret.
      const repeated = guess === 7 ? secret : filled(secret.length, guess)
      lengths.add((await make({ data: joinBytes(secret, repeated) })).length)
    }
    expect(lengths.size).toBe(1)
  })

  test('REC-11: the largest contents fit, larger ones are refused before anything is sealed', async () => {
    const around = 1_024
    const largest = await make({ data: filled(MAX_COPY_CONTENTS_BYTES - around, 1) })
    expect(largest.length).toBeLessThanOrEqual(MAX_COPY_BYTES)
    expect(openRecoveryCopy(readRecoveryCopy(largest), root.recoverySecretKey)).toBeDefined()
    const tooLarge = { data: filled(MAX_COPY_CONTENTS_BYTES, 1) }
    await expect(make(tooLarge)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    const long = filled(MAX_COPY_BYTES + 1, 0x40)
    expect(codeOf(() => readRecoveryCopy(long))).toBe('ERR_MALFORMED')
  })

  test('ID-9: a copy of a suite that is not known is refused as such', async () => {
    const copy = await make()
    const [list, suite] = [copy[0], copy[1]]
    expect([list, suite]).toEqual([0x82, 1])
    copy[1] = 2
    expect(codeOf(() => readRecoveryCopy(copy))).toBe('ERR_SUITE_UNKNOWN')
  })
})

describe('the proof of the root key', () => {
  const answering = deviceIdFromPublicKey(signerFromSeed(filled(32, 11)).publicKey)
  const talk = { asking: device, answering, nonce: filled(32, 12) }

  test('REC-20: holds for one conversation only', async () => {
    const signature = await proveRecovery(root.signer, talk)
    const proof = { root: root.signer.publicKey, signature }
    expect(verifyRecoveryProof(proof, talk)).toBe(true)
    expect(verifyRecoveryProof(proof, { ...talk, nonce: filled(32, 13) })).toBe(false)
    expect(verifyRecoveryProof(proof, { ...talk, asking: answering })).toBe(false)
    expect(verifyRecoveryProof(proof, { ...talk, answering: device })).toBe(false)
  })

  test('REC-20: holds for no other root key, and is made by nobody else', async () => {
    const signature = await proveRecovery(phone, talk)
    expect(verifyRecoveryProof({ root: root.signer.publicKey, signature }, talk)).toBe(false)
    const own = { root: phone.publicKey, signature: await proveRecovery(root.signer, talk) }
    expect(verifyRecoveryProof(own, talk)).toBe(false)
  })
})
