import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createManualTime } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { BATCH_MS, createUpdateBatcher, RETRY_MS } from './update-batcher.ts'

/** A document whose edits go to a batcher, and what it wrote. */
function desk(write?: (updates: readonly Uint8Array[]) => Promise<void>) {
  const time = createManualTime()
  const writes: (readonly Uint8Array[])[] = []
  const failures: unknown[] = []
  const batcher = createUpdateBatcher({
    scheduler: time,
    write: async (updates) => {
      await write?.(updates)
      writes.push(updates)
    },
    onFailure: (error) => failures.push(error),
  })
  const doc = new Y.Doc()
  doc.clientID = 1
  doc.on('update', batcher.add)
  const edit = (value: number): void => {
    doc.getMap('m').set('k', value)
  }
  return { time, writes, failures, batcher, edit, doc }
}

function valueAfter(writes: readonly (readonly Uint8Array[])[]): unknown {
  const doc = new Y.Doc()
  for (const update of writes.flat()) Y.applyUpdate(doc, update)
  return doc.getMap('m').get('k')
}

describe('ALOG-6 local edits on their way to the log', () => {
  test('the first goes at once, those within the window go together when it ends', async () => {
    const { time, writes, edit } = desk()
    edit(1)
    await eventually(() => expect(writes.length).toBe(1))
    edit(2)
    edit(3)
    time.pass(BATCH_MS - 1)
    expect(writes.length).toBe(1)
    time.pass(1)
    await eventually(() => expect(writes.map(({ length }) => length)).toEqual([1, 1]))
    expect(valueAfter(writes)).toBe(3)
  })

  test('after a pause the next one goes at once again', async () => {
    const { time, writes, edit } = desk()
    edit(1)
    await eventually(() => expect(writes.length).toBe(1))
    time.pass(BATCH_MS)
    edit(2)
    await eventually(() => expect(writes.length).toBe(2))
  })

  test('10,000 edits at once are two writes, merged into few updates', async () => {
    const { time, writes, edit, batcher } = desk()
    for (let value = 0; value < 10_000; value += 1) edit(value)
    await batcher.flush()
    time.pass(BATCH_MS)
    expect(writes.map(({ length }) => length)).toEqual([1, 40])
    expect(valueAfter(writes)).toBe(9_999)
  })

  test('a slow write is never joined by a second one, and what came meanwhile is not forgotten', async () => {
    const gates: (() => void)[] = []
    let running = 0
    const { time, writes, edit } = desk(async () => {
      running += 1
      expect(running).toBe(1)
      await new Promise<void>((resolve) => gates.push(resolve))
      running -= 1
    })
    edit(1)
    edit(2)
    time.pass(10 * BATCH_MS)
    gates.shift()?.()
    await eventually(() => expect(writes.length).toBe(1))
    await eventually(() => {
      time.pass(1)
      expect(gates.length).toBe(1)
    })
    gates.shift()?.()
    await eventually(() => expect(writes.length).toBe(2))
    expect(valueAfter(writes)).toBe(2)
  })

  test('a failed write is tried again, with what came since; flush says what it failed of', async () => {
    let broken = true
    const { time, writes, failures, edit, batcher } = desk(async () => {
      if (broken) throw new Error('disk full')
    })
    edit(1)
    edit(2)
    await expect(batcher.flush()).rejects.toThrow('disk full')
    expect(failures.length).toBeGreaterThan(0)
    broken = false
    time.pass(RETRY_MS)
    await eventually(() => expect(valueAfter(writes)).toBe(2))
    await batcher.flush()
  })

  test('flush does not wait for the window; after close nothing is written by itself', async () => {
    const { time, writes, edit, batcher } = desk()
    edit(1)
    edit(2)
    await batcher.flush()
    expect(valueAfter(writes)).toBe(2)
    edit(3)
    batcher.close()
    time.pass(10 * BATCH_MS)
    expect(valueAfter(writes)).toBe(2)
  })
})
