import { describe, expect, test } from 'vitest'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { notesOf, openDevice, type TestDevice, writeNotes } from '../testing/devices.ts'
import { eventually } from '../testing/eventually.ts'
import { many } from '../testing/exchange-talk.ts'
import { meet, sync } from '../testing/meeting.ts'
import type { ExchangeStream } from './exchange.ts'

describe('D4 resuming', () => {
  test('a line that is cut again and again: every record arrives, each once', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(600))
    const arrived: number[] = []
    ben.log.events.addEventListener('records:accepted', ({ detail: { events } }) => {
      arrived.push(...events.map(({ record }) => record.seq))
    })
    for (let meeting = 0; arrived.length < 600; meeting += 1) {
      expect(meeting).toBeLessThan(20)
      const { line, ends } = meet(ada, ben)
      const enough = Math.min(600, arrived.length + 128)
      await eventually(() => expect(arrived.length).toBeGreaterThanOrEqual(enough))
      line.cut()
      for (const end of await Promise.all(ends)) {
        expect(end).toMatchObject({ kind: 'failed', code: 'ERR_EXCHANGE_STREAM' })
      }
    }
    expect(new Set(arrived).size).toBe(600)
    expect(arrived.length).toBe(600)
  })

  test('our own signal stops it; the sibling sees the stream end', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const stop = new AbortController()
    const { line } = meetOneSided(ben)
    const end = ada.exchanges.run({ sibling: ben.id, stream: line }, { signal: stop.signal })
    stop.abort()
    expect(await end).toEqual({ kind: 'stopped' })
    expect(
      await ada.exchanges.run({ sibling: ben.id, stream: line }, { signal: stop.signal }),
    ).toEqual({ kind: 'stopped' })
  })

  test('a store that fails ends the exchange with its error, and nothing is told as held', async () => {
    const inner = createMemoryAccountLogStore()
    let broken = true
    const store = {
      ...inner,
      commit: (change: Parameters<typeof inner.commit>[0]) =>
        broken ? Promise.reject(new Error('EIO')) : inner.commit(change),
    }
    const [ada, ben] = [await openDevice(1), await openDevice(2, { store })]
    await writeNotes(ada, many(3))
    const failing = meet(ada, ben)
    await expect(failing.ends[1]).rejects.toThrow('EIO')
    failing.line.close()
    expect(ada.exchanges.pending(ben.id)).toBe(3)
    broken = false
    await sync(ada, ben)
    expect(await notesOf(ben)).toEqual(many(3))
  })
})

function meetOneSided(_: TestDevice): { readonly line: ExchangeStream } {
  return {
    line: {
      incoming: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
      send: async () => {},
    },
  }
}
