import { expect, test } from 'vitest'
import { readRequest, wordsOf } from './command-line.ts'

test('SIM-8 what is asked for is read, and the words for it are found again', () => {
  const read = readRequest([
    '--seeds',
    '3..9',
    '--devices',
    '12',
    '--partition',
    '60s',
    '--loss',
    '30%',
  ])
  if (read.kind !== 'run') throw new Error(read.kind)
  const { from, to, wishes } = read.request
  expect([from, to]).toEqual([3, 9])
  expect(wishes).toEqual({ devices: 12, partition: 60_000, loss: 0.3 })
  const again = readRequest(['--seeds', '3..9', ...wordsOf(wishes)])
  expect(again).toEqual(read)
})

test.each([
  ['--seeds', '9..3'],
  ['--devices', '0'],
  ['--devices', '20'],
  ['--partition', 'long'],
  ['--loss', '200%'],
  ['--devices', '2', '--accounts', '3'],
  ['--nonsense'],
])('SIM-8 %s %s is a mistake, told in words', (...words) => {
  const read = readRequest(words)
  expect(read.kind).toBe('mistake')
  expect(read.kind === 'mistake' && read.reason).toMatch(/\w/)
})
