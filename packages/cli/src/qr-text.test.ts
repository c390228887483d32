import { expect, test } from 'vitest'
import { readQr } from '../test/qr-reader.ts'
import type { TextSink } from './io.ts'
import { qrLines } from './qr-text.ts'

const sink = (given: Partial<TextSink>): TextSink => {
  return { isTTY: true, columns: 80, write: () => undefined, ...given }
}
/** The longest code whose QR has 41 modules: 195 characters at error correction L. */
const CODE = `WEB+KITH:L/${'A7'.repeat(92)}`

test('CLI-19 a code of 41 modules takes 43 × 22 cells: it fits 80 × 24', () => {
  for (const isTTY of [true, false]) {
    const lines = qrLines(CODE, sink({ isTTY })).map(withoutColour)
    expect(lines.length).toBe(22)
    expect(new Set(lines.map((line) => [...line].length))).toEqual(new Set([43]))
  }
})

test('CLI-19 the QR on the screen reads back as the code', () => {
  expect(readQr(qrLines(CODE, sink({})).map(withoutColour), { inkIsDark: true })).toBe(CODE)
  expect(readQr(qrLines(CODE, sink({ isTTY: false })), { inkIsDark: false })).toBe(CODE)
})

test('CLI-19 on a terminal it is dark on light, whatever the colours of the terminal', () => {
  for (const line of qrLines(CODE, sink({}))) {
    expect(line.startsWith('\u001b[30;107m') && line.endsWith('\u001b[0m')).toBe(true)
  }
})

test('CLI-19 a terminal that is too narrow gets none', () => {
  expect(qrLines(CODE, sink({ columns: 42 }))).toEqual([])
  expect(qrLines(CODE, sink({ columns: 43 }))).not.toEqual([])
})

function withoutColour(line: string): string {
  return line.replace('\u001b[30;107m', '').replace('\u001b[0m', '')
}
