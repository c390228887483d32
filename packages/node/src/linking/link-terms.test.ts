import { describe, expect, test } from 'vitest'
import { historyOf, sessionTime, termsAt } from './link-terms.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 10, 3, 9)
const STAYS = {}
const SESSION = { temporary: true }

describe('how long a device is linked', () => {
  test('LNK-21 one that says it is temporary gets 12 hours when nobody said how long', () => {
    const temporary = sessionTime({ asked: {}, answer: true, other: SESSION })
    expect(temporary).toEqual({ hours: 12 })
    const terms = termsAt(NOW, { distance: 'near', ...(temporary ? { temporary } : {}) })
    expect(terms).toEqual({ rights: { link: false }, historyAt: 0, expiresAt: NOW + 12 * HOUR })
  })

  test('LNK-21 the person decides: shorter, longer, and for any device', () => {
    const answer = { temporary: { hours: 168 } }
    expect(sessionTime({ asked: {}, answer, other: SESSION })).toEqual({ hours: 168 })
    expect(sessionTime({ asked: {}, answer, other: STAYS })).toEqual({ hours: 168 })
    const asked = { temporary: { hours: 3 } }
    expect(sessionTime({ asked, answer, other: SESSION })).toEqual({ hours: 168 })
    expect(sessionTime({ asked, answer: true, other: SESSION })).toEqual({ hours: 3 })
  })

  test('LNK-21 any other device stays', () => {
    expect(sessionTime({ asked: {}, answer: true, other: STAYS })).toBeUndefined()
    expect(sessionTime({ asked: {}, answer: undefined, other: { temporary: false } })).toBe(
      undefined,
    )
  })

  test.each([0, 721, 1.5, Number.NaN])('LNK-21 %s hours are no time for a session', (hours) => {
    const asking = { asked: {}, answer: { temporary: { hours } }, other: SESSION }
    expect(() => sessionTime(asking)).toThrow(expect.objectContaining({ code: 'ERR_LINK_TERMS' }))
  })
})

describe('how far back a device gets messages', () => {
  test('HIS-8 what the person answered counts, then what was asked for, else all', () => {
    expect(historyOf({ asked: {}, answer: true })).toBe('all')
    expect(historyOf({ asked: { history: 'none' }, answer: true })).toBe('none')
    expect(historyOf({ asked: { history: 'none' }, answer: { temporary: { hours: 1 } } })).toBe(
      'none',
    )
    const answer = { history: { days: 30 } }
    expect(historyOf({ asked: { history: 'none' }, answer })).toEqual({ days: 30 })
  })
})
