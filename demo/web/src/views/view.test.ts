import { describe, expect, test } from 'vitest'
import { type Changes, createView, type View } from './view.ts'

/** A source whose reads a test settles by hand. */
function createSource() {
  const reads: PromiseWithResolvers<string>[] = []
  let changes: Changes<string> | undefined
  let watched: AbortSignal | undefined
  const view = createView<string>({
    load: () => {
      const read = Promise.withResolvers<string>()
      reads.push(read)
      return read.promise
    },
    watch: (given, { signal }) => {
      changes = given
      watched = signal
    },
  })
  return {
    view,
    reads,
    change: () => changes?.reload(),
    edit: (to: string) => changes?.edit(() => to),
    isWatched: () => watched?.aborted === false,
  }
}

const shownBy = async (view: View<string>): Promise<unknown> => {
  await Promise.resolve()
  await Promise.resolve()
  const viewed = view.get()
  return viewed.state === 'ready' ? viewed.value : viewed.state
}

describe('a view', () => {
  test('reads and listens while somebody looks, and not before or after', async () => {
    const { view, reads, isWatched } = createSource()
    expect(reads).toHaveLength(0)
    const leave = view.subscribe(() => undefined)
    const leaveToo = view.subscribe(() => undefined)
    expect(reads).toHaveLength(1)
    leave()
    expect(isWatched()).toBe(true)
    leaveToo()
    expect(isWatched()).toBe(false)
    reads[0]?.resolve('late')
    expect(await shownBy(view)).toBe('loading')
  })

  test('a burst of changes while it reads is one more read', async () => {
    const { view, reads, change } = createSource()
    view.subscribe(() => undefined)
    change()
    change()
    change()
    reads[0]?.resolve('old')
    expect(await shownBy(view)).toBe('old')
    expect(reads).toHaveLength(2)
    reads[1]?.resolve('new')
    expect(await shownBy(view)).toBe('new')
    expect(reads).toHaveLength(2)
  })

  test('an edit is seen at once, and what was being read meanwhile is read again', async () => {
    const { view, reads, change, edit } = createSource()
    view.subscribe(() => undefined)
    reads[0]?.resolve('first')
    expect(await shownBy(view)).toBe('first')
    change()
    edit('edited')
    expect(await shownBy(view)).toBe('edited')
    reads[1]?.resolve('first')
    await shownBy(view)
    expect(reads).toHaveLength(3)
  })

  test('a failed read can be tried again', async () => {
    const { view, reads } = createSource()
    view.subscribe(() => undefined)
    reads[0]?.reject(new Error('no'))
    expect(await shownBy(view)).toBe('failed')
    view.reload()
    expect(await shownBy(view)).toBe('loading')
    reads[1]?.resolve('there')
    expect(await shownBy(view)).toBe('there')
  })

  test('who looks again sees the last value while it is read anew', async () => {
    const { view, reads } = createSource()
    const leave = view.subscribe(() => undefined)
    reads[0]?.resolve('one')
    expect(await shownBy(view)).toBe('one')
    leave()
    view.subscribe(() => undefined)
    expect(await shownBy(view)).toBe('one')
    reads[1]?.resolve('two')
    expect(await shownBy(view)).toBe('two')
  })
})
