import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKithError } from '../errors.ts'
import { deviceIdFromPublicKey } from '../ids.ts'
import { createLinkCode } from './link-code.ts'
import {
  compareSecurityQr,
  createSecurityQr,
  type LogMark,
  parseSecurityQr,
  type SecurityView,
} from './security-qr.ts'

const filled = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const log = (value: number, size = 3): LogMark => ({ head: filled(value), size })
const ADA = { fingerprint: filled(1), log: log(11) }
const BEN = { fingerprint: filled(2), log: log(12) }
const CARA = { fingerprint: filled(3), log: log(13) }

const seenByAda: SecurityView = { own: ADA, theirs: BEN }
const seenByBen: SecurityView = { own: BEN, theirs: ADA }

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'no error'
  } catch (error) {
    return isKithError(error) ? error.code : `not a KithError: ${error}`
  }
}

describe('ID-12 the code to scan', () => {
  const mark = fc.record({
    head: fc.uint8Array({ minLength: 20, maxLength: 20 }),
    size: fc.integer({ min: 0, max: 0xffff }),
  })
  const side = fc.record({
    fingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    log: mark,
  })

  test('ID-12: round trip, in any case and with any white space', () => {
    fc.assert(
      fc.property(side, side, (own, theirs) => {
        const text = createSecurityQr({ own, theirs })
        expect(parseSecurityQr(text)).toEqual({ own, theirs })
        expect(parseSecurityQr(`\t${text.toLowerCase().replaceAll('a', 'a\n')}`)).toEqual({
          own,
          theirs,
        })
      }),
    )
  })

  test('ID-12: fits a QR code of 41 modules, which fits a terminal of 80 × 24', () => {
    const text = createSecurityQr({
      own: { fingerprint: filled(255), log: log(255, 0xffff) },
      theirs: { fingerprint: filled(255), log: log(255, 0xffff) },
    })
    // ISO/IEC 18004, version 6, level L: 195 alphanumeric characters.
    expect(text.length).toBeLessThanOrEqual(195)
    expect(text).toMatch(/^WEB\+KITH:V\/[A-Z2-7]+$/)
  })

  test('ID-12: what does not fit is refused and not cut', () => {
    const bad = [
      { fingerprint: filled(1, 31), log: log(1) },
      { fingerprint: filled(1), log: { head: filled(1, 19), size: 1 } },
      { fingerprint: filled(1), log: log(1, 0x10000) },
      { fingerprint: filled(1), log: log(1, -1) },
      { fingerprint: filled(1), log: log(1, 1.5) },
    ]
    for (const own of bad) {
      expect(codeOf(() => createSecurityQr({ own, theirs: BEN }))).toBe('ERR_TOO_LARGE')
    }
  })

  test('ID-12: codes of other kinds, cut and mistyped ones are told apart', () => {
    const text = createSecurityQr(seenByBen)
    const link = createLinkCode({
      device: deviceIdFromPublicKey(filled(9)),
      secret: filled(1, 16),
      addresses: [],
    })
    const mistyped = text.endsWith('A') ? `${text.slice(0, -1)}B` : `${text.slice(0, -1)}A`
    expect(codeOf(() => parseSecurityQr(link))).toBe('ERR_CODE_KIND')
    for (const given of [text.slice(0, -8), mistyped, `${text}AAAAAAAA`, '', 'hello']) {
      expect(codeOf(() => parseSecurityQr(given))).toBe('ERR_CODE_MALFORMED')
    }
  })
})

describe('ID-13 what a scanned code means', () => {
  const compare = (there: SecurityView) => compareSecurityQr(seenByAda, createSecurityQr(there))

  test('ID-13: both sides the other way round and equal logs are the same', () => {
    expect(compare(seenByBen)).toEqual({ kind: 'same' })
  })

  test('ID-13: a log one of the two knows less of is told from equal accounts', () => {
    const ahead = { ...BEN, log: log(22, 5) }
    expect(compare({ own: ahead, theirs: ADA })).toEqual({
      kind: 'logs-differ',
      own: 'same',
      theirs: 'older-here',
    })
    const behind = { ...ADA, log: log(21, 2) }
    expect(compare({ own: BEN, theirs: behind })).toEqual({
      kind: 'logs-differ',
      own: 'older-there',
      theirs: 'same',
    })
    expect(compare({ own: { ...BEN, log: log(22) }, theirs: ADA })).toEqual({
      kind: 'logs-differ',
      own: 'same',
      theirs: 'unclear',
    })
  })

  test('ID-13: one side that does not fit is different, whichever it is', () => {
    const falseAda = { own: BEN, theirs: { ...ADA, fingerprint: filled(66) } }
    const falseBen = { own: { ...BEN, fingerprint: filled(66) }, theirs: ADA }
    expect(compare(falseAda)).toEqual({ kind: 'different', shownBy: BEN.fingerprint })
    expect(compare(falseBen)).toEqual({ kind: 'different', shownBy: filled(66) })
  })

  test('ID-13: one flipped bit of either fingerprint is never the same', () => {
    const position = fc.integer({ min: 0, max: 2 * 256 - 1 })
    fc.assert(
      fc.property(position, (bit) => {
        const flipped = [BEN.fingerprint.slice(), ADA.fingerprint.slice()] as const
        const bytes = flipped[bit < 256 ? 0 : 1]
        const at = (bit % 256) >> 3
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
        const there = {
          own: { ...BEN, fingerprint: flipped[0] },
          theirs: { ...ADA, fingerprint: flipped[1] },
        }
        expect(compare(there).kind).toBe('different')
      }),
    )
  })

  test('ID-13: a code of two others, and one’s own', () => {
    const ofOthers = { own: CARA, theirs: { fingerprint: filled(4), log: log(1) } }
    expect(compare(ofOthers)).toEqual({ kind: 'another-person', shownBy: CARA.fingerprint })
    expect(compare(seenByAda)).toEqual({ kind: 'own-code' })
    expect(compare({ own: ADA, theirs: CARA })).toEqual({ kind: 'own-code' })
  })

  test('ID-13: what cannot be read says why', () => {
    expect(compareSecurityQr(seenByAda, 'nothing of the kind')).toEqual({
      kind: 'unreadable',
      code: 'ERR_CODE_MALFORMED',
    })
    expect(compareSecurityQr(seenByAda, 'WEB+KITH:C/AAAA')).toEqual({
      kind: 'unreadable',
      code: 'ERR_CODE_KIND',
    })
  })
})
