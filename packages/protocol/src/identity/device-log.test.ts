import { describe, expect, test } from 'vitest'
import {
  adasLog,
  addedBy,
  addOf,
  codeOf,
  firstEntry,
  revokeOf,
  states,
  take,
} from '../../test/adas-log.ts'
import { idOf, signerOf } from '../../test/log-signers.ts'
import { devicesIn, lastEntryOf, mergeDeviceLogs, reduceDeviceLog } from './device-log.ts'
import { deviceLogCodec, entryBodyCodec, entryIdOfBody } from './log-entry.ts'

describe('LOG the story of an account', () => {
  test('LOG-4 any device with the link right takes in another', async () => {
    const { account, withTablet, phone, laptop, tablet } = await adasLog()
    expect(states(withTablet, phone, laptop, tablet)).toEqual(['in', 'in', 'in'])
    expect(withTablet.first).toBe(idOf(phone))
    expect(withTablet.account).toBe(account)
    expect(withTablet.devices.get(idOf(tablet))).toMatchObject({
      depth: 2,
      historyAt: 2,
      rights: { link: true },
    })
    expect(withTablet.refused).toEqual([])
  })

  test('LOG-5 a revoked device is out, with all it took in', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const revoke = await revokeOf(withTablet, phone, addedBy(withTablet, laptop))
    const after = mergeDeviceLogs(withTablet, [revoke])
    expect(states(after, phone, laptop, tablet)).toEqual(['in', 'revoked', 'unknown'])
    expect(devicesIn(after, { now: 0 }).map(({ device }) => device)).toEqual([idOf(phone)])
  })

  test('LOG-5 what a revoked device took in comes back by a fresh add, its own key does not', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const revoke = await revokeOf(withTablet, phone, addedBy(withTablet, laptop))
    const after = mergeDeviceLogs(withTablet, [revoke])
    const again = await take(await take(after, phone, tablet), phone, laptop)
    expect(states(again, phone, laptop, tablet)).toEqual(['in', 'suspended', 'in'])
  })

  test('LOG-11 a device with an expiry is in until then', async () => {
    const { empty, phone, laptop } = await adasLog()
    const state = await take(empty, phone, laptop, { expiresAt: 1000 })
    const namesAt = (now: number) => devicesIn(state, { now }).map(({ device }) => device)
    expect(namesAt(999)).toEqual([idOf(phone), idOf(laptop)])
    expect(namesAt(1000)).toEqual([idOf(phone)])
  })

  test('LOG-8 the first 8 are in, the ninth is held and comes in when one goes', async () => {
    const { empty, phone } = await adasLog()
    const others = [11, 12, 13, 14, 15, 16, 17, 18].map(signerOf)
    let state = empty
    for (const device of others) state = await take(state, phone, device)
    expect(states(state, ...others)).toEqual([...Array(7).fill('in'), 'held'])
    const [gone] = others
    if (gone === undefined) throw new Error('eight others')
    const after = mergeDeviceLogs(state, [await revokeOf(state, phone, addedBy(state, gone))])
    expect(states(after, ...others)).toEqual(['revoked', ...Array(7).fill('in')])
  })

  test('LOG-8 every parent has its n-th child in before any has one more', async () => {
    const { empty, phone } = await adasLog()
    const [a, b, a1, a2, a3, a4, b1, b2] = [21, 22, 23, 24, 25, 26, 27, 28].map(signerOf)
    if (!a || !b || !a1 || !a2 || !a3 || !a4 || !b1 || !b2) throw new Error('eight signers')
    let state = await take(await take(empty, phone, a), phone, b)
    for (const child of [a1, a2, a3, a4]) state = await take(state, a, child)
    for (const child of [b1, b2]) state = await take(state, b, child)
    expect(states(state, a, b, a1, b1, a2, b2, a3, a4)).toEqual([...Array(7).fill('in'), 'held'])
  })

  test('LOG-9 a log sent and read again is the same log', async () => {
    const { account, withTablet } = await adasLog()
    const bytes = deviceLogCodec.encode(withTablet.entries)
    const read = reduceDeviceLog(account, deviceLogCodec.decode(bytes))
    expect(read).toEqual(withTablet)
  })

  test('LOG-2 a merge of what is known verifies nothing and changes nothing', async () => {
    const { withTablet } = await adasLog()
    const unverified = withTablet.entries.map((entry) => ({
      ...entry,
      signature: new Uint8Array(64),
    }))
    expect(mergeDeviceLogs(withTablet, unverified)).toBe(withTablet)
  })

  test('LOG-2 nor does a merge of what is known to be refused', async () => {
    const { withTablet, phone, tablet } = await adasLog()
    const entry = await revokeOf(withTablet, tablet, firstEntry(withTablet))
    const state = mergeDeviceLogs(withTablet, [
      entry,
      await revokeOf(withTablet, tablet, addedBy(withTablet, phone)),
    ])
    expect(state.refused.length).toBeGreaterThan(0)
    expect(mergeDeviceLogs(state, state.entries)).toBe(state)
  })

  test('LOG-5 a revoke changes the state also when what it drops was refused before', async () => {
    const { withLaptop, phone, laptop } = await adasLog()
    const before = mergeDeviceLogs(withLaptop, [
      await revokeOf(withLaptop, laptop, firstEntry(withLaptop)),
    ])
    expect(before.refused.map(({ reason }) => reason)).toEqual(['ERR_ENTRY_RIGHT'])
    const revoke = await revokeOf(before, phone, addedBy(before, laptop))
    const after = mergeDeviceLogs(before, [revoke])
    expect(after.entries).toHaveLength(before.entries.length)
    expect(states(after, phone, laptop)).toEqual(['in', 'revoked'])
  })

  test('LOG-9 what decides nothing yet is kept: its target may still come', async () => {
    const { withTablet, phone, laptop } = await adasLog()
    const later = await addOf(withTablet, laptop, signerOf(9))
    const revoke = await revokeOf(withTablet, phone, entryIdOfBody(later.body))
    const early = mergeDeviceLogs(withTablet, [revoke])
    expect(early.head).toEqual(withTablet.head)
    expect(early.entries).toHaveLength(withTablet.entries.length + 1)
    expect(states(mergeDeviceLogs(early, [later]), signerOf(9))).toEqual(['revoked'])
  })

  test('LOG-3 nobody outside of the log has a last entry', async () => {
    const { withLaptop, laptop, tablet } = await adasLog()
    expect(lastEntryOf(withLaptop, idOf(laptop))).toBe(addedBy(withLaptop, laptop))
    expect(codeOf(() => lastEntryOf(withLaptop, idOf(tablet)))).toBe('ERR_ENTRY_AUTHOR')
  })

  test('LOG-3 an entry waits for its predecessor', async () => {
    const { empty, withTablet, tablet } = await adasLog()
    const [, ofLaptop, ofTablet] = withTablet.entries
    if (!ofLaptop || !ofTablet) throw new Error('two adds')
    const waiting = mergeDeviceLogs(empty, [ofTablet])
    expect(states(waiting, tablet)).toEqual(['unknown'])
    expect(waiting.refused).toEqual([])
    expect(mergeDeviceLogs(waiting, [ofLaptop])).toEqual(withTablet)
  })

  test('LOG-1 a log without the genesis of the account is none', async () => {
    const { account, withTablet } = await adasLog()
    expect(codeOf(() => reduceDeviceLog(account, withTablet.entries.slice(1)))).toBe(
      'ERR_LOG_GENESIS',
    )
  })
})

describe('LOG-12 limits', () => {
  test('a log longer than 4,096 entries or 1 MiB is refused unread', async () => {
    const { genesis } = await adasLog()
    const long = Array.from({ length: 4097 }, () => genesis)
    expect(codeOf(() => deviceLogCodec.encode(long))).toBe('ERR_TOO_LARGE')
    expect(codeOf(() => deviceLogCodec.decode(new Uint8Array((1 << 20) + 1)))).toBe('ERR_MALFORMED')
  })

  test('a genesis is the longest body there is', async () => {
    const { genesis } = await adasLog()
    expect(genesis.body.length).toBeLessThan(1536)
    expect(entryBodyCodec.decode(genesis.body).kind).toBe('genesis')
  })
})
