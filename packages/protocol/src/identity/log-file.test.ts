import { beforeEach, describe, expect, test } from 'vitest'
import {
  bent,
  entryId,
  type Good,
  ghost,
  goodLog,
  laptop,
  phone,
  revokeBy,
  root,
  tablet,
  take,
} from '../../test/good-log.ts'
import { idOf, signerOf } from '../../test/log-signers.ts'
import { TAMPERED } from '../../test/tampered-log-files.ts'
import type { AccountId } from '../ids.ts'
import { type DeviceLogState, lastEntryOf, mergeDeviceLogs } from './device-log.ts'
import { createRecover, createSuspend } from './log-authoring.ts'
import type { SignedEntry } from './log-entry.ts'
import { exportDeviceLog, verifyDeviceLogFile } from './log-file.ts'

let good: Good
let account: AccountId
let state: DeviceLogState
let genesis: SignedEntry
let ofLaptop: SignedEntry
let ofWatch: SignedEntry
beforeEach(async () => {
  good = await goodLog()
  ;({ account, state, genesis, ofLaptop, ofWatch } = good)
})

describe('LOG-15: an exported log', () => {
  test('a good one passes, and says who is in', () => {
    const report = verifyDeviceLogFile(exportDeviceLog(state))
    expect(report.faults).toEqual([])
    expect(report.valid).toBe(true)
    expect(report.state?.devices).toEqual(state.devices)
  })

  test('a good one passes after unlinking, suspending and recovering', async () => {
    const suspend = await createSuspend(
      {
        account,
        author: idOf(tablet),
        prev: lastEntryOf(state, idOf(tablet)),
        target: entryId(ofWatch),
        reason: 'idle',
        at: 4,
      },
      tablet,
    )
    const suspended = mergeDeviceLogs(state, [suspend])
    expect(verifyDeviceLogFile(exportDeviceLog(suspended)).faults).toEqual([])
    const recover = await createRecover({
      account,
      genesis: entryId(genesis),
      root,
      number: 1,
      device: ghost,
      keep: [tablet, laptop, phone].map((kept) => ({ device: idOf(kept), rights: { link: true } })),
      at: 5,
    })
    const recovered = mergeDeviceLogs(suspended, [recover])
    const later = mergeDeviceLogs(recovered, [await take(recovered, [tablet, signerOf(50)])])
    expect(later.devices.size).toBe(5)
    const file = exportDeviceLog(later)
    expect(verifyDeviceLogFile(file).faults).toEqual([])
    const unlinked = mergeDeviceLogs(later, [
      await revokeBy(later, ghost, later.devices.get(idOf(tablet))?.addedBy ?? later.period),
    ])
    const newest = verifyDeviceLogFile(exportDeviceLog(unlinked), { since: file })
    expect(newest.faults).toEqual([])
  })

  test('a later export continues an earlier one, also when it unlinks what that one had', async () => {
    const since = exportDeviceLog(state)
    const unlinked = mergeDeviceLogs(state, [await revokeBy(state, phone, entryId(ofLaptop))])
    expect(verifyDeviceLogFile(exportDeviceLog(unlinked), { since }).faults).toEqual([])
    expect(verifyDeviceLogFile(since, { since }).valid).toBe(true)
  })

  test.each(Object.keys(TAMPERED))('A1: %s is named', async (name) => {
    const { file, since, first } = (await TAMPERED[name]?.(good)) ?? raise()
    const { valid, faults } = verifyDeviceLogFile(file, since === undefined ? {} : { since })
    expect(valid).toBe(false)
    const [place, code, message] = first
    expect(faults[0]).toEqual({ place, code, message: expect.stringMatching(message) })
  })

  test('A1: an add behind a fork is named itself', async () => {
    const { file } = (await TAMPERED['an add behind a fork']?.(good)) ?? raise()
    expect(verifyDeviceLogFile(file).faults.map(({ place }) => place)).toEqual([
      'entry 3',
      'entry 4',
      'entry 5',
      'entry 6',
    ])
  })

  test('A1: no bit of a file can be flipped unseen', () => {
    const file = exportDeviceLog(good.withLaptop)
    for (let bit = 0; bit < file.length * 8; bit += 131) {
      expect([bit, verifyDeviceLogFile(bent(file, bit)).valid]).toEqual([bit, false])
    }
  })
})

function raise(): never {
  throw new Error('no such file')
}
