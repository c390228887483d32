import { expect, test } from 'vitest'
import { MAX_PASSPHRASE_BYTES, passphraseBytes, passphraseWarning } from './passphrase.ts'

test.each([
  ['composed and decomposed', 'Zürich', 'Zu\u0308rich'],
  ['full-width and plain', 'ＫＩＴＥ', 'KITE'],
  ['ligature and letters', 'ﬁsh', 'fish'],
])('LOCK-3 %s are the same passphrase', (_, one, other) => {
  expect(passphraseBytes(one)).toEqual(passphraseBytes(other))
})

test('LOCK-3 case and spaces make another passphrase', () => {
  const seen = ['kite lamp', 'Kite lamp', 'kite  lamp', ' kite lamp'].map(String)
  expect(new Set(seen.map((text) => passphraseBytes(text).join())).size).toBe(4)
})

test.each([
  ['empty', ''],
  ['one byte too long', 'a'.repeat(MAX_PASSPHRASE_BYTES + 1)],
  ['too long after normalisation', 'ﷺ'.repeat(40)],
  ['not well-formed', 'kite\ud800'],
])('LOCK-3 %s is refused', (_, passphrase) => {
  expect(() => passphraseBytes(passphrase)).toThrow(
    expect.objectContaining({ code: 'ERR_PASSPHRASE_SIZE' }),
  )
})

test('LOCK-3 one byte and 1,024 bytes are allowed', () => {
  expect(passphraseBytes('0')).toHaveLength(1)
  expect(passphraseBytes('a'.repeat(MAX_PASSPHRASE_BYTES))).toHaveLength(MAX_PASSPHRASE_BYTES)
})

test('LOCK-3 a short one is allowed, and its warning says what it does not protect', () => {
  expect(passphraseWarning('1234')).toMatch(/copies the disk/)
  expect(passphraseWarning('kite lamp orbit stone river')).toBeUndefined()
  // Characters, not bytes.
  expect(passphraseWarning('风筝灯')).toBeDefined()
})
