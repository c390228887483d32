import { describe, expect, test } from 'vitest'
import {
  adasLog,
  addedBy,
  addOf,
  bentEntry,
  codeOf,
  refusals,
  revokeOf,
  states,
} from '../../test/adas-log.ts'
import { idOf, signerOf } from '../../test/log-signers.ts'
import { deviceIdFromPublicKey } from '../ids.ts'
import { lastEntryOf, mergeDeviceLogs, reduceDeviceLog } from './device-log.ts'
import { domainBytes } from './domain.ts'
import type { Signer } from './keys.ts'
import { createGenesis, draftAdd, signAdd } from './log-authoring.ts'
import { accountIdOfGenesis, entryIdOfBody } from './log-entry.ts'

describe('LOG-2 a tampered entry is refused for what is wrong with it', () => {
  test('a flipped bit in the signature, the countersignature or the body', async () => {
    const { empty, phone, laptop } = await adasLog()
    const entry = await addOf(empty, phone, laptop)
    for (const part of ['signature', 'countersignature'] as const) {
      const bent = bentEntry(entry, part, 5)
      expect(refusals(mergeDeviceLogs(empty, [bent]), bent)).toEqual(['ERR_SIGNATURE'])
    }
    const codes = new Set<string>()
    for (let bit = 0; bit < entry.body.length * 8; bit += 3) {
      const bent = bentEntry(entry, 'body', bit)
      const after = mergeDeviceLogs(empty, [bent])
      expect(after.devices).toEqual(empty.devices)
      for (const code of refusals(after, bent)) codes.add(code)
    }
    expect([...codes].sort()).toEqual([
      'ERR_ENTRY_ACCOUNT',
      'ERR_ENTRY_AUTHOR',
      'ERR_MALFORMED',
      'ERR_SIGNATURE',
      'ERR_SUITE_UNKNOWN',
    ])
  })

  test('A3 a signature made for another purpose', async () => {
    const { empty, phone, laptop } = await adasLog()
    const entry = await addOf(empty, phone, laptop)
    for (const purpose of [
      'device log root',
      'device log countersignature',
      'link proof',
    ] as const) {
      const signature = await phone.sign(domainBytes(purpose, entry.body))
      const wrong = { ...entry, signature }
      expect(refusals(mergeDeviceLogs(empty, [wrong]), wrong)).toEqual(['ERR_SIGNATURE'])
    }
    const swapped = { ...entry, countersignature: entry.signature }
    expect(refusals(mergeDeviceLogs(empty, [swapped]), swapped)).toEqual(['ERR_SIGNATURE'])
  })

  test('an add nobody agreed to, and a revoke with a signature too many', async () => {
    const { withLaptop, phone, tablet, laptop } = await adasLog()
    const { countersignature: _, ...alone } = await addOf(withLaptop, phone, tablet)
    expect(refusals(mergeDeviceLogs(withLaptop, [alone]), alone)).toEqual(['ERR_SIGNATURE'])
    const revoke = await revokeOf(withLaptop, phone, addedBy(withLaptop, laptop))
    const more = { ...revoke, countersignature: revoke.signature }
    expect(refusals(mergeDeviceLogs(withLaptop, [more]), more)).toEqual(['ERR_MALFORMED'])
  })

  test('an entry of another account, replayed here', async () => {
    const { withLaptop } = await adasLog()
    const [root, phone, tablet] = [51, 2, 52].map(signerOf)
    if (!root || !phone || !tablet) throw new Error('three signers')
    const recoveryKey = new Uint8Array(1216)
    const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
    const other = reduceDeviceLog(accountIdOfGenesis(genesis), [genesis])
    const foreign = await addOf(other, phone, tablet)
    const after = mergeDeviceLogs(withLaptop, [foreign, genesis])
    expect(refusals(after, foreign)).toEqual(['ERR_ENTRY_ACCOUNT'])
    expect(refusals(after, genesis)).toEqual(['ERR_ENTRY_ACCOUNT'])
    expect(after.devices).toEqual(withLaptop.devices)
  })

  test('ID-6 a key of small order is not taken in, though its signature holds', async () => {
    const { empty, phone } = await adasLog()
    const neutral = new Uint8Array(32).fill(1, 0, 1)
    const body = draftAdd({
      account: empty.account,
      author: idOf(phone),
      prev: lastEntryOf(empty, idOf(phone)),
      device: deviceIdFromPublicKey(neutral),
      rights: { link: true },
      historyAt: 0,
      at: 0,
    })
    // R = neutral element, s = 0 holds for every message under ZIP-215.
    const countersignature = new Uint8Array(64).fill(1, 0, 1)
    const entry = await signAdd(body, phone, countersignature)
    expect(refusals(mergeDeviceLogs(empty, [entry]), entry)).toEqual(['ERR_KEY_REFUSED'])
  })

  test('ID-6 nor does it make an account', async () => {
    const { phone } = await adasLog()
    const anyone: Signer = {
      publicKey: new Uint8Array(32).fill(1, 0, 1),
      sign: async () => new Uint8Array(64).fill(1, 0, 1),
    }
    const recoveryKey = new Uint8Array(1216)
    const genesis = await createGenesis({ root: anyone, recoveryKey, device: phone, at: 1 })
    const account = accountIdOfGenesis(genesis)
    expect(codeOf(() => reduceDeviceLog(account, [genesis]))).toBe('ERR_LOG_GENESIS')
  })

  test('ID-9 a suite of tomorrow has an answer of its own', async () => {
    const { empty, phone, laptop } = await adasLog()
    const entry = await addOf(empty, phone, laptop)
    const body = Uint8Array.from(entry.body)
    expect([body[0], body[1]]).toEqual([0x82, 0x01])
    body[1] = 2
    const tomorrow = { ...entry, body }
    expect(refusals(mergeDeviceLogs(empty, [tomorrow]), tomorrow)).toEqual(['ERR_SUITE_UNKNOWN'])
  })

  test('C1 many forgeries end the merge before they cost seconds', async () => {
    const { empty, phone, laptop } = await adasLog()
    const forged = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        const entry = await addOf(empty, phone, laptop, { at })
        return { ...entry, signature: new Uint8Array(64) }
      }),
    )
    expect(codeOf(() => mergeDeviceLogs(empty, forged))).toBe('ERR_SIGNATURE')
    expect(codeOf(() => mergeDeviceLogs(empty, forged.slice(0, 65)))).toBe('ERR_SIGNATURE')
    expect(mergeDeviceLogs(empty, forged.slice(0, 64)).refused).toHaveLength(64)
  })
})

test('LOG-2 one forged copy is one forgery, however often it comes', async () => {
  const { empty, phone, laptop } = await adasLog()
  const honest = await addOf(empty, phone, laptop)
  const forged = { ...honest, signature: new Uint8Array(64) }
  const copies = Array.from({ length: 100 }, () => structuredClone(forged))
  const state = mergeDeviceLogs(empty, copies)
  expect(refusals(state, forged)).toEqual(['ERR_SIGNATURE'])
  expect(states(mergeDeviceLogs(empty, [...copies, honest]), laptop)).toEqual(['in'])
})

test('LOG-2 forgeries lying in wait do not keep out the entry they follow', async () => {
  const { empty, withLaptop, phone, laptop } = await adasLog()
  const [, ofLaptop] = withLaptop.entries
  if (ofLaptop === undefined) throw new Error('an add')
  const prev = entryIdOfBody(ofLaptop.body)
  const lying = await Promise.all(
    Array.from({ length: 100 }, async (_, at) => {
      const entry = await addOf(withLaptop, phone, signerOf(9), { prev, at })
      return { ...entry, signature: new Uint8Array(64) }
    }),
  )
  const poisoned = mergeDeviceLogs(empty, lying)
  expect(poisoned.waiting).toHaveLength(100)
  const merged = mergeDeviceLogs(poisoned, [ofLaptop])
  expect(states(merged, phone, laptop)).toEqual(['in', 'in'])
  expect(merged.waiting).toHaveLength(0)
})
