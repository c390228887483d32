import { describe, expect, test } from 'vitest'
import { createAccountData } from './account-data.ts'
import {
  checkSetting,
  isSettingKey,
  quietHoursIn,
  readSetting,
  SETTINGS,
  type SettingKey,
} from './setting-kinds.ts'

describe('ACC-21 typed settings', () => {
  test('ACC-21 what nobody set is what it begins as, and each beginning is allowed', () => {
    const { settings } = createAccountData()
    for (const key of Object.keys(SETTINGS).filter(isSettingKey)) {
      expect(readSetting(settings, key)).toBe(SETTINGS[key].initial)
      if (key !== 'account.name') expect(checkSetting(key, SETTINGS[key].initial)).toBeDefined()
    }
    expect(readSetting(settings, 'receipts.read')).toBe(true)
    expect(quietHoursIn(settings).on).toBe(false)
  })

  test.each<[SettingKey, string | number | boolean, unknown]>([
    ['receipts.read', 'off', false],
    ['receipts.read', false, false],
    ['notifications.on', 'yes', true],
    ['appearance.theme', 'dark', 'dark'],
    ['quiet-hours.monday', '09:00-18:00', '09:00-18:00'],
    ['quiet-hours.sunday', 'never', 'never'],
    ['quiet-hours.time-zone', 'Asia/Shanghai', 'Asia/Shanghai'],
    ['quiet-hours.time-zone', 'device', 'device'],
    ['account.name', 'Ada 阿达', 'Ada 阿达'],
  ])('ACC-21 %s may be %j', (key, value, kept) => expect(checkSetting(key, value)).toBe(kept))

  test.each<[SettingKey, string | number | boolean]>([
    ['receipts.read', 'maybe'],
    ['receipts.read', 1],
    ['appearance.theme', 'pink'],
    ['appearance.theme', true],
    ['quiet-hours.monday', '9-18'],
    ['quiet-hours.monday', 9],
    ['quiet-hours.time-zone', 'Berlin'],
    ['account.name', ' '],
    ['account.name', 'x'.repeat(129)],
    ['account.name', '\ud800'],
  ])('ACC-21 %s may not be %j, and it is said what it may', (key, value) => {
    const wrong = expect.objectContaining({
      code: 'ERR_SETTING',
      hint: expect.stringMatching(/^It is ./),
    })
    expect(() => checkSetting(key, value)).toThrow(wrong)
  })

  test('ACC-21 a name of nothing, or of every object, is no setting', () => {
    for (const key of ['', 'theme', 'constructor', '__proto__', 'toString']) {
      expect(isSettingKey(key)).toBe(false)
    }
  })

  test('ACC-21 what a later version or a fault wrote counts as not set', () => {
    const { settings } = createAccountData()
    settings.set('appearance.theme', 'sepia')
    settings.set('receipts.read', 'perhaps')
    settings.set('quiet-hours.monday', 'all day')
    settings.set('quiet-hours.on', true)
    expect(readSetting(settings, 'appearance.theme')).toBe('system')
    expect(readSetting(settings, 'receipts.read')).toBe(true)
    const { on, days } = quietHoursIn(settings)
    expect(on).toBe(true)
    expect(days.monday).toEqual({ from: 22 * 60, to: 7 * 60 })
  })
})
