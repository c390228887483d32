import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openContext } from '../test/context.ts'
import { retry } from './retry.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => void vi.useRealTimers())

test('NODE-9 tries again after 0.1 s, doubling up to 10 s, until it works', async () => {
  const context = await openContext()
  const triedAt: number[] = []
  const trying = retry(context, {
    what: 'it',
    wanted: () => true,
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
  const unwanted = retry(context, { what: 'it', attempt, wanted: () => wanted })
  await vi.advanceTimersByTimeAsync(0)
  wanted = false
  await vi.advanceTimersByTimeAsync(100)
  await unwanted
  expect(attempts).toBe(1)

  wanted = true
  const stopped = retry(context, { what: 'it', attempt, wanted: () => wanted })
  await vi.advanceTimersByTimeAsync(0)
  context.stop()
  await stopped
  expect(attempts).toBe(2)
})

test('E5 NODE-8 a failed attempt leaves its code in the log, never its message', async () => {
  const lines: string[] = []
  const line = (...parts: readonly unknown[]): void => void lines.push(JSON.stringify(parts))
  const context = await openContext({ logger: { debug: line, warn: line } })
  let attempts = 0
  const trying = retry(context, {
    what: 'a hello',
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
