import { expect, test } from 'vitest'
import { createFeed } from './feed.ts'

async function valuesOf<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const seen: T[] = []
  for await (const value of values) seen.push(value)
  return seen
}

test('NODE-10 a reader gets the current value, then every change, also those made in one go', async () => {
  const feed = createFeed('waiting')
  const read = valuesOf(feed.values())
  feed.set('seen')
  feed.set('failed')
  feed.set('waiting again')
  feed.end()
  expect(await read).toEqual(['waiting', 'seen', 'failed', 'waiting again'])
})

test('NODE-10 a late reader begins with the current value, also after the end', async () => {
  const feed = createFeed(1)
  feed.set(2)
  feed.end()
  expect(await valuesOf(feed.values())).toEqual([2])
})

test('NODE-10 an aborted reader ends where it is; others go on', async () => {
  const feed = createFeed(1)
  const aborting = new AbortController()
  const aborted = valuesOf(feed.values({ signal: aborting.signal }))
  const other = valuesOf(feed.values())
  await Promise.resolve()
  aborting.abort()
  expect(await aborted).toEqual([1])
  feed.set(2)
  feed.end()
  expect(await other).toEqual([1, 2])
})
