import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_NAME_LENGTH, requireName, shownName } from './names.ts'

test('NODE-12 C8 a name that somebody else chose is shown without what could deceive', () => {
  expect(shownName('Ada\u202elive\u2066.exe', '?')).toBe('Adalive.exe')
  expect(shownName('two\nlines\tand a bell\u0007', '?')).toBe('twolinesand a bell')
  expect(shownName('\u2028 \u2029', 'new device')).toBe('new device')
  expect(shownName('x'.repeat(500), '?')).toHaveLength(MAX_NAME_LENGTH)
})

test('NODE-12 whatever comes in, what is shown is a name that may be given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 160 }), (name) => {
      expect(() => requireName(shownName(name, 'somebody'))).not.toThrow()
    }),
    { numRuns: 60 },
  )
})

test.each(['', '   ', 'x'.repeat(129), 'a\u0000b', '\ud800', 'left\u202e'])(
  'NODE-12 %j is no name: ERR_NAME',
  (name) => {
    expect(() => requireName(name)).toThrow(expect.objectContaining({ code: 'ERR_NAME' }))
  },
)
