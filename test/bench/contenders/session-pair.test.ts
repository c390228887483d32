import { describe, expect, test } from 'vitest'
import { type SessionPair, type Way, ways } from './session-pair.ts'

/** Seals nothing, and notes what it is asked: `+` a session, `a` or `b` who seals, `A` or `B` who opens. */
function notedPair(open: SessionPair['open'] = async (_, message) => message): {
  readonly pair: SessionPair
  readonly asked: () => string
} {
  let asked = ''
  const pair: SessionPair = {
    begin: async () => {
      asked += '+'
    },
    seal: async (by, plaintext) => {
      asked += by.charAt(0)
      return plaintext
    },
    open: async (by, message) => {
      asked += by.charAt(0).toUpperCase()
      return open(by, message)
    },
  }
  return { pair, asked: () => asked }
}

/** What stands before the messages that count: one each way, so that both know of the session. */
const SETTLED = '+aBbA'

describe('the ways a pair of devices is timed', () => {
  test('burst: one side seals all, then the other opens them', async () => {
    const { pair, asked } = notedPair()
    await ways.burst(pair, 3)
    expect(asked()).toBe(`${SETTLED}aaaBBB`)
  })

  test('burst: as many as were asked for, also over several of them', async () => {
    const { pair, asked } = notedPair()
    await ways.burst(pair, 1_234)
    expect(asked().slice(SETTLED.length)).toMatch(/^(a{500}B{500}){2}a{234}B{234}$/)
  })

  test('ping-pong: every message turns the ratchet', async () => {
    const { pair, asked } = notedPair()
    await ways['ping-pong'](pair, 3)
    expect(asked()).toBe(`${SETTLED}aBbAaB`)
  })

  test('set-up: a new session for each first message', async () => {
    const { pair, asked } = notedPair()
    await ways['set-up'](pair, 2)
    expect(asked()).toBe('+aB+aB')
  })

  test.each<Way>(['burst', 'ping-pong', 'set-up'])('%s: what opens to less is no figure', (way) =>
    expect(ways[way](notedPair(async () => new Uint8Array(3)).pair, 1)).rejects.toThrow(
      'opened something else',
    ),
  )
})
