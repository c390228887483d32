import { describe, expect, test } from 'vitest'
import {
  adasLog,
  addedBy,
  addOf,
  codeOf,
  firstEntry,
  refusals,
  revokeOf,
  states,
  take,
} from '../../test/adas-log.ts'
import { signerOf } from '../../test/log-signers.ts'
import {
  type DeviceLogState,
  lastEntryOf,
  mergeDeviceLogs,
  reduceDeviceLog,
  restoreDeviceLog,
} from './device-log.ts'
import { domainBytes } from './domain.ts'

describe('A1 nobody adds a device but a device of the account that may', () => {
  test('a device without the link right cannot', async () => {
    const { empty, phone, laptop, tablet } = await adasLog()
    const state = await take(empty, phone, laptop, { rights: { link: false } })
    const ghost = await addOf(state, laptop, tablet)
    const after = mergeDeviceLogs(state, [ghost])
    expect(refusals(after, ghost)).toEqual(['ERR_ENTRY_RIGHT'])
    expect(states(after, tablet)).toEqual(['unknown'])
  })

  test.each([
    ['at the genesis', (state: DeviceLogState) => firstEntry(state)],
    [
      'behind the last entry of a device',
      (state: DeviceLogState) => lastEntryOf(state, state.first),
    ],
  ])('a member of another account cannot, %s', async (_, prev) => {
    const { withTablet } = await adasLog()
    const [stranger, ghost] = [31, 32].map(signerOf)
    if (!stranger || !ghost) throw new Error('two signers')
    const entry = await addOf(withTablet, stranger, ghost, { prev: prev(withTablet) })
    const after = mergeDeviceLogs(withTablet, [entry])
    expect(refusals(after, entry)).toEqual(['ERR_ENTRY_AUTHOR'])
    expect(after.devices).toEqual(withTablet.devices)
    expect(after.head).toEqual(withTablet.head)
    expect(after.entries).toEqual(withTablet.entries)
  })

  test('a relay with a key of its own cannot speak for a device', async () => {
    const { withTablet, phone } = await adasLog()
    const [relay, ghost] = [33, 34].map(signerOf)
    if (!relay || !ghost) throw new Error('two signers')
    const honest = await addOf(withTablet, phone, ghost)
    const forged = {
      ...honest,
      signature: await relay.sign(domainBytes('device log entry', honest.body)),
    }
    const after = mergeDeviceLogs(withTablet, [forged])
    expect(refusals(after, forged)).toEqual(['ERR_SIGNATURE'])
    expect(after.devices).toEqual(withTablet.devices)
    // And the forged copy does not stand in the way of the real one.
    expect(states(mergeDeviceLogs(after, [forged, honest]), ghost)).toEqual(['in'])
  })

  test('LOG-4 a device does not take in itself or an ancestor', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    for (const device of [tablet, laptop, phone]) {
      const entry = await addOf(withTablet, tablet, device)
      const after = mergeDeviceLogs(withTablet, [entry])
      expect(refusals(after, entry)).toEqual(['ERR_ENTRY_CYCLE'])
      expect([...after.devices.keys()].sort()).toEqual([...withTablet.devices.keys()].sort())
    }
  })
})

describe('A8 A9 what a revoked device or its subtree signs does not count', () => {
  test('back-dated, repeated, revoking back, or through a device it takes in', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const ghost = signerOf(41)
    const after = mergeDeviceLogs(withTablet, [
      await revokeOf(withTablet, phone, addedBy(withTablet, laptop)),
    ])
    const injected = [
      await addOf(withTablet, laptop, ghost),
      await addOf(withTablet, laptop, ghost, { prev: addedBy(withTablet, laptop), at: 0 }),
      await addOf(withTablet, tablet, ghost),
      await revokeOf(withTablet, laptop, firstEntry(withTablet)),
      await revokeOf(withTablet, tablet, addedBy(withTablet, laptop)),
    ]
    const attacked = mergeDeviceLogs(after, injected)
    expect(attacked.devices).toEqual(after.devices)
    expect(attacked.head).toEqual(after.head)
    expect(attacked.entries).toEqual(after.entries)
    // What names entries that were dropped with the revoked device waits for ever, and goes nowhere.
    const reasons = new Set(injected.flatMap((entry) => refusals(attacked, entry)))
    expect([...reasons]).toEqual(['ERR_ENTRY_REVOKED'])
    const whole = mergeDeviceLogs(after, [...withTablet.entries, ...injected])
    for (const entry of injected) expect(refusals(whole, entry)).toEqual(['ERR_ENTRY_REVOKED'])
  })

  test('A9 the same in every order: revoke first, or its entries first', async () => {
    const { account, withTablet, phone, laptop } = await adasLog()
    const revoke = await revokeOf(withTablet, phone, addedBy(withTablet, laptop))
    const link = await addOf(withTablet, laptop, signerOf(42))
    const one = mergeDeviceLogs(mergeDeviceLogs(withTablet, [revoke]), [link])
    const other = mergeDeviceLogs(mergeDeviceLogs(withTablet, [link]), [revoke])
    const fresh = reduceDeviceLog(account, [link, revoke, ...withTablet.entries])
    expect(other.devices).toEqual(one.devices)
    expect(fresh.devices).toEqual(one.devices)
    expect([other.head, fresh.head]).toEqual([one.head, one.head])
  })

  test('LOG-5 a device cannot revoke its parent, a cousin or itself', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const cousin = signerOf(43)
    const state = await take(withTablet, phone, cousin)
    for (const target of [laptop, cousin, tablet]) {
      const entry = await revokeOf(state, tablet, addedBy(state, target))
      const after = mergeDeviceLogs(state, [entry])
      expect(refusals(after, entry)).toEqual(['ERR_ENTRY_RIGHT'])
      expect(states(after, phone, laptop, tablet, cousin)).toEqual(['in', 'in', 'in', 'in'])
    }
    // Nor the child of another: the cousin is nearer to the first device, and above nobody.
    const entry = await revokeOf(state, cousin, addedBy(state, tablet))
    const after = mergeDeviceLogs(state, [entry])
    expect(refusals(after, entry)).toEqual(['ERR_ENTRY_RIGHT'])
    expect(states(after, tablet)).toEqual(['in'])
  })

  test('LOG-2 a log this device verified and kept is restored without verifying again', async () => {
    const { account, withTablet } = await adasLog()
    const forged = withTablet.entries.map((entry) => ({ ...entry, signature: new Uint8Array(64) }))
    expect(restoreDeviceLog(account, withTablet.entries)).toEqual(withTablet)
    expect(restoreDeviceLog(account, forged).devices).toEqual(withTablet.devices)
    expect(codeOf(() => reduceDeviceLog(account, forged))).toBe('ERR_LOG_GENESIS')
    const [genesis] = withTablet.entries
    const restored = restoreDeviceLog(account, genesis === undefined ? [] : [genesis])
    const merged = mergeDeviceLogs(restored, forged)
    expect(merged.devices).toEqual(restored.devices)
  })

  test('LOG-7 another add of a revoked key is suspended', async () => {
    const { withTablet, phone, laptop, tablet } = await adasLog()
    const twice = await take(withTablet, phone, tablet)
    const underPhone = addedBy(twice, tablet)
    expect(underPhone).not.toBe(addedBy(withTablet, tablet))
    const after = mergeDeviceLogs(twice, [
      await revokeOf(twice, laptop, addedBy(withTablet, tablet)),
    ])
    expect(states(after, tablet)).toEqual(['suspended'])
  })
})
