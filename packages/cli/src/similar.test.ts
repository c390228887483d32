import { expect, test } from 'vitest'
import { closest } from './similar.ts'

test.each([
  ['Bne', ['Ann', 'Ben'], 'Ben'],
  ['laptpo', ['desk', 'laptop'], 'laptop'],
  ['BEM', ['ben'], 'ben'],
  ['xyz', ['Ann', 'Ben'], undefined],
  ['a', ['b'], undefined],
  ['', ['Ben'], undefined],
  ['x'.repeat(100_000), ['x'.repeat(100_000)], undefined],
])('the word nearest to a slip of the finger, %#', (given, words, expected) => {
  expect(closest(given, words)).toBe(expected)
})
