import { expect, test } from 'vitest'
import { readRequest } from './command-line.ts'

test('without a word the lab tries everything, three times each', () => {
  expect(readRequest([])).toEqual({
    kind: 'run',
    request: {
      parts: ['nat', 'chromium', 'ladder', 'outages', 'silences'],
      json: false,
      write: false,
      messages: 100,
      rungs: [0, 1, 2, 3, 4, 5, 6, 7, 8],
      runs: 3,
      only: [],
    },
  })
})

test('it tries what it is told to', () => {
  const words = [
    'outages',
    'nat',
    '--json',
    '--runs',
    '5',
    '--only',
    'suspend,relay',
    '--rungs',
    '7,0',
  ]
  expect(readRequest(words)).toMatchObject({
    kind: 'run',
    request: {
      parts: ['nat', 'outages'],
      json: true,
      runs: 5,
      only: ['relay', 'suspend'],
      rungs: [0, 7],
    },
  })
})

test.each([
  [['wifi'], 'no part is called wifi'],
  [['--only', 'rain'], 'no outage is called rain'],
  [['--rungs', '9'], 'no rung is called 9'],
  [['--runs', '0'], '--runs takes a whole number'],
])('a mistake is told in words: %s', (words, reason) => {
  const asked = readRequest(words)
  expect(asked.kind === 'mistake' && asked.reason).toContain(reason)
})
