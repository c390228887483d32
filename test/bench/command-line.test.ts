import { expect, test } from 'vitest'
import { readRequest } from './command-line.ts'

test('without words, all jobs run five times', () => {
  expect(readRequest([])).toEqual({
    kind: 'run',
    request: {
      jobs: [
        'edits',
        'backlog',
        'burst',
        'cold',
        'message',
        'link',
        'history',
        'sessions',
        'relay',
        'discovery',
        'startup',
      ],
      runs: 5,
      records: 10_000,
      json: false,
      profile: undefined,
    },
  })
})

test('jobs are named in any order and run once each, in theirs', () => {
  expect(readRequest(['message', 'edits', 'message', '--runs', '3', '--json'])).toMatchObject({
    request: { jobs: ['edits', 'message'], runs: 3, json: true },
  })
})

test.each([['upload'], ['--runs', '0'], ['--runs', '1e3'], ['--records=-5'], ['--fast']])(
  'a mistake is told: %s',
  (...words) => {
    expect(readRequest(words)).toMatchObject({ kind: 'mistake', reason: expect.any(String) })
  },
)

test('help is asked for', () => {
  expect(readRequest(['edits', '--help'])).toEqual({ kind: 'help' })
})
