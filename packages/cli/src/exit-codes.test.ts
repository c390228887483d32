import { describe, expect, test } from 'vitest'
import { CommandError, failureOf } from './errors.ts'
import { exitCodeOf, hintOf } from './exit-codes.ts'

describe('CLI-3 the table of exit codes', () => {
  test.each([
    ['ERR_USAGE', 2],
    ['ERR_AMBIGUOUS', 2],
    ['ERR_CONFIRMATION_NEEDED', 2],
    ['ERR_NOT_RUNNING', 3],
    ['ERR_UNREACHABLE', 4],
    ['ERR_TIMEOUT', 4],
    ['ERR_LINK_TIMEOUT', 4],
    ['ERR_CODE_EXPIRED', 5],
    ['ERR_CODE_OF_THE_FUTURE', 5],
    ['ERR_LINK_FAR', 5],
    ['ERR_LINK_OF_THE_FUTURE', 5],
    ['ERR_SIGNATURE', 5],
    ['ERR_NOT_VERIFIED', 5],
    ['ERR_CONTACT_CHANGED', 5],
    ['ERR_SUITE_UNKNOWN', 5],
    ['ERR_STRANGER', 5],
    ['ERR_STREAM_RESET', 4],
    ['ERR_STOPPED', 3],
    ['ERR_NAME', 2],
    ['ERR_ADDRESS', 2],
    ['ERR_STORE_WRITE', 1],
    ['ERR_LOCKED', 6],
    ['ERR_HOME_IN_USE', 7],
    ['ERR_INTERRUPTED', 130],
    ['ERR_NOT_FOUND', 1],
    ['ERR_OF_THE_FUTURE', 1],
    ['', 1],
  ])('CLI-3 %s: %i', (code, expected) => {
    expect(exitCodeOf(code)).toBe(expected)
    expect(hintOf(code)).toMatch(/\S/)
  })
})

describe('CLI-4 anything thrown is a failure with a code', () => {
  test('CLI-4 errors of the device keep their code and hint', () => {
    const error = Object.assign(new Error('Gone.'), {
      name: 'KithError',
      code: 'ERR_X',
      hint: 'So.',
    })
    expect(failureOf(error)).toEqual({ code: 'ERR_X', message: 'Gone.', hint: 'So.' })
    const net = Object.assign(new Error('Far.'), { name: 'NetError', code: 'ERR_UNREACHABLE' })
    expect(failureOf(net)).toEqual({ code: 'ERR_UNREACHABLE', message: 'Far.' })
    expect(failureOf(CommandError.of('ERR_USAGE', 'No.'))).toEqual({
      code: 'ERR_USAGE',
      message: 'No.',
    })
  })

  test.each([
    [Object.assign(new Error('no'), { code: 'ERR_INVALID_ARG_TYPE' }), 'no'],
    [Object.assign(new Error('no'), { code: 'EACCES' }), 'no'],
    [new TypeError('bad'), 'bad'],
    [new Error(''), 'Error'],
    ['thrown text', 'thrown text'],
    [undefined, 'undefined'],
  ])('CLI-4 %j is ERR_FAILED', (thrown, message) => {
    expect(failureOf(thrown)).toEqual({ code: 'ERR_FAILED', message })
  })
})
