import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cellWidth,
  cleanLines,
  fitCells,
  jsonLine,
  oneLine,
  table,
  wrapWords,
} from './terminal-text.ts'

/** Text full of what terminals act on. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b',
      '[',
      ']',
      '\u0007',
      '\u009b',
      '\u009d',
      '\u202e',
      '\u2066',
      '\r',
      '\n',
      '\t',
      '31m',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
  ),
})
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const ACTS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

describe('CLI-7 text of other people', () => {
  test('CLI-7 one line never acts on a terminal', () => {
    fc.assert(fc.property(hostile, (text) => !ACTS.test(oneLine(text))))
  })

  test('CLI-7 lines never act on a terminal, and are as many as the text has', () => {
    fc.assert(fc.property(hostile, (text) => cleanLines(text).every((line) => !ACTS.test(line))))
    expect(cleanLines('a\r\nb\nc\rd')).toEqual(['a', 'b', 'c', 'd'])
  })

  test('CLI-7 a line of JSON never acts on a terminal and keeps its value', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = jsonLine({ text })
        expect(line).not.toMatch(ACTS)
        expect(JSON.parse(line)).toEqual({ text })
      }),
    )
  })

  test('CLI-7 what is no control stays', () => {
    expect(oneLine('Zoë 王 👩‍👩‍👧 ✓✓')).toBe('Zoë 王 👩‍👩‍👧 ✓✓')
    expect(oneLine('red \u001b[31mnot\u001b[0m')).toBe('red not')
  })
})

describe('lines of a terminal', () => {
  test('CLI-4 words are kept whole, and a command at the end in one line', () => {
    expect(wrapWords('one two 王王 four', 9)).toEqual(['one two', '王王 four'])
    expect(wrapWords('Take it back with: kith devices readmit phone', 30)).toEqual([
      'Take it back with:',
      'kith devices readmit phone',
    ])
    expect(wrapWords('WEB+KITH:L/AAAAAAAA is long', 8)).toEqual(['WEB+KITH:L/AAAAAAAA', 'is long'])
  })

  test('CLI-4 in a pipe a text is one line', () => {
    expect(wrapWords('one two', undefined)).toEqual(['one two'])
  })
})

describe('aligned tables', () => {
  test('wide characters take two cells', () => {
    expect(['a', 'é', '王', '한', 'ｂ', '👩‍👩‍👧', '✓', 'e\u0301'].map(cellWidth)).toEqual([
      1, 1, 2, 2, 2, 2, 1, 1,
    ])
  })

  test('cells are filled or cut to their width', () => {
    expect(fitCells('ab', 4)).toBe('ab  ')
    expect(fitCells('abcdef', 4)).toBe('abc…')
    expect(fitCells('王王王', 4)).toBe('王… ')
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 20 }),
        (text, width) => {
          return cellWidth(fitCells(oneLine(text), width)) === width
        },
      ),
    )
  })

  test('columns begin below each other', () => {
    expect(table([['A', 'BB'], ['王王', 'x'], ['only']])).toEqual(['A     BB', '王王  x', 'only'])
  })
})
