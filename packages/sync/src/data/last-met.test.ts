import { describe, expect, test } from 'vitest'
import { deviceNumber } from '../testing/ids.ts'
import { type AccountData, createAccountData } from './account-data.ts'

const [PHONE, LAPTOP, DESK] = [deviceNumber(1), deviceNumber(2), deviceNumber(3)]

/** Two devices that know nothing of each other's notes until they exchange them. */
function twoDevices(): readonly [AccountData, AccountData, () => void] {
  const [one, other] = [createAccountData({ clientId: 1 }), createAccountData({ clientId: 2 })]
  const exchange = (): void => {
    one.applyUpdate(other.encodeState(), { kind: 'snapshot' })
    other.applyUpdate(one.encodeState(), { kind: 'snapshot' })
  }
  return [one, other, exchange]
}

describe('ACC-15 the day on which a device was last met', () => {
  test('ACC-15: of concurrent notes the latest day counts, on both', () => {
    const [one, other, exchange] = twoDevices()
    one.lastMet.note(DESK, { by: PHONE, day: 20_001 })
    other.lastMet.note(DESK, { by: LAPTOP, day: 20_003 })
    exchange()
    expect([one, other].map((data) => data.lastMet.get(DESK))).toEqual([20_003, 20_003])
  })

  test('ACC-15: an earlier day takes nothing back, and a forgotten device has none', () => {
    const [one, other, exchange] = twoDevices()
    one.lastMet.note(DESK, { by: PHONE, day: 20_003 })
    one.lastMet.note(DESK, { by: PHONE, day: 20_001 })
    expect(one.lastMet.get(DESK)).toBe(20_003)
    exchange()
    other.lastMet.remove(DESK)
    exchange()
    expect(one.lastMet.get(DESK)).toBeUndefined()
  })
})
