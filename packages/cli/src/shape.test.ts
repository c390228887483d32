import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerEvent } from './events.ts'
import { CALLS } from './local/calls.ts'
import { answerShape, confirmedShape, requestShape } from './local/local-protocol.ts'

const malformed = expect.objectContaining({ code: 'ERR_LOCAL_MALFORMED' })

describe('CLI-13 everything read from the socket is checked', () => {
  test('CLI-13 no JSON value is read as something else, and none throws another error', () => {
    const shapes = [requestShape, confirmedShape, answerShape, answerEvent, ...Object.values(CALLS)]
    fc.assert(
      fc.property(fc.constantFrom(...shapes), fc.jsonValue(), (shape, value) => {
        try {
          expect(shape.parse(value)).toEqual(value)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_LOCAL_MALFORMED' })
        }
      }),
    )
  })

  test.each([
    ['a field nobody declared', { contact: 'Ben', text: 'x', wait: 'none', timeoutMs: 1, more: 1 }],
    ['a field that is missing', { contact: 'Ben', text: 'x', wait: 'none' }],
    ['a field inherited from Object.prototype', JSON.parse('{"__proto__":{"contact":"Ben"}}')],
    ['a word that is none', { contact: 'Ben', text: 'x', wait: 'some', timeoutMs: 1 }],
    ['a text too long', { contact: 'Ben', text: 'x'.repeat(16_385), wait: 'none', timeoutMs: 1 }],
    ['an empty text', { contact: 'Ben', text: '', wait: 'none', timeoutMs: 1 }],
    ['a number with a fraction', { contact: 'Ben', text: 'x', wait: 'none', timeoutMs: 1.5 }],
    ['a number too great', { contact: 'Ben', text: 'x', wait: 'none', timeoutMs: 2 ** 31 }],
    ['a negative number', { contact: 'Ben', text: 'x', wait: 'none', timeoutMs: -1 }],
    ['a list', []],
    ['null', null],
  ])('CLI-13 %s is refused', (_, value) => {
    expect(() => CALLS.send.parse(value)).toThrow(malformed)
  })

  test('CLI-13 the error names the place and no more of what was sent', () => {
    const value = { contact: 'SECRET', text: 5, wait: 'none', timeoutMs: 1 }
    expect(() => CALLS.send.parse(value, 'input')).toThrow(
      'Malformed input.text: expected text of 1 to 16384 characters.',
    )
  })
})
