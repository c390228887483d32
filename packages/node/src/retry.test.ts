import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openContext } from '../test/context.ts'
import { retry } from './retry.ts'
import { createRounds } from './rounds.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => void vi.useRealTimers())

const NEVER = new AbortController().signal

test('NODE-9 tries again after 0.1 s, doubling up to 10 s, until it works', async () => {
  const context = await openContext()
  const triedAt: number[] = []
  const trying = retry(context, {
    what: 'it',
    wanted: () => true,
    asked: NEVER,
    attempt: async () => {
      triedAt.push(Date.now())
      if (triedAt.length < 10) throw new Error('not yet')
    },
  })
  while (triedAt.length < 10) await vi.advanceTimersByTimeAsync(100)
  await trying
  const waits = triedAt.slice(1).map((at, index) => at - (triedAt[index] ?? 0))
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
})

test('NODE-9 stops when it is not wanted any more, and when the device stops', async () => {
  const context = await openContext()
  let wanted = true
  let attempts = 0
  const attempt = async (): Promise<void> => {
    attempts += 1
    throw new Error('never')
  }
  const unwanted = retry(context, { what: 'it', attempt, asked: NEVER, wanted: () => wanted })
  await vi.advanceTimersByTimeAsync(0)
  wanted = false
  await vi.advanceTimersByTimeAsync(100)
  await unwanted
  expect(attempts).toBe(1)

  wanted = true
  const stopped = retry(context, { what: 'it', attempt, asked: NEVER, wanted: () => wanted })
  await vi.advanceTimersByTimeAsync(0)
  context.stop()
  await stopped
  expect(attempts).toBe(2)
})

test('NODE-9 D4 asked for again it waits no longer than the first time, and begins anew', async () => {
  const context = await openContext()
  const triedAt: number[] = []
  const ask = createRounds((_: 'it', asked) =>
    retry(context, {
      what: 'it',
      asked,
      wanted: () => triedAt.length < 7,
      attempt: async () => {
        triedAt.push(Date.now())
        throw new Error('not yet')
      },
    }),
  )
  const done = ask('it')
  await vi.advanceTimersByTimeAsync(100 + 200 + 400 + 800 + 150)
  expect(triedAt).toHaveLength(5)
  void ask('it')
  await vi.advanceTimersByTimeAsync(0)
  expect(triedAt).toHaveLength(6)
  await vi.advanceTimersByTimeAsync(300)
  await done
  const waits = triedAt.slice(1).map((at, index) => at - (triedAt[index] ?? 0))
  expect(waits).toEqual([100, 200, 400, 800, 150, 100])
})

test('NODE-9 whoever asks all the time is still not tried in a circle', async () => {
  const context = await openContext()
  let attempts = 0
  const ask = createRounds((_: 'it', asked) =>
    retry(context, {
      what: 'it',
      asked,
      wanted: () => true,
      attempt: async () => {
        attempts += 1
        void ask('it')
        throw new Error('asks for it itself')
      },
    }),
  )
  void ask('it')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(attempts).toBe(11)
  context.stop()
})

test('E5 NODE-8 a failed attempt leaves its code in the log, never its message', async () => {
  const lines: string[] = []
  const line = (...parts: readonly unknown[]): void => void lines.push(JSON.stringify(parts))
  const context = await openContext({ logger: { debug: line, warn: line } })
  let attempts = 0
  const trying = retry(context, {
    what: 'a hello',
    asked: NEVER,
    wanted: () => attempts < 1,
    attempt: async () => {
      attempts += 1
      throw new Error('secret of 12D3KooWsomebody')
    },
  })
  await vi.advanceTimersByTimeAsync(100)
  await trying
  expect(lines).toEqual(['["a hello failed",{"code":"Error"}]'])
})
