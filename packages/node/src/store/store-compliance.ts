/**
 * What every store keeps, whatever it stands on. Free of any test framework, so that the same cases
 * run in Node and in a page: each case opens stores and throws when something is not as it should be.
 */

import { codec, equalBytes, parseMessageId, text, uint } from '@kithmesh/protocol'
import { idPart, singleKey, textPart, tupleKey, uintPart } from './key-codec.ts'
import type { Store, Table } from './store-types.ts'

/** One thing a store keeps. */
export interface StoreCase {
  /** Begins with the rule's number. */
  readonly name: string
  run(place: StorePlace): Promise<void>
}

/** Where a case works: an empty store, and whether closing it keeps what it holds. */
export interface StorePlace {
  readonly isKept: boolean
  open(): Promise<Store>
}

const textCodec = codec(text({ max: 100_000 }), { maxBytes: 400_100 })
const countCodec = codec(uint({ max: Number.MAX_SAFE_INTEGER }), { maxBytes: 9 })
const MESSAGE = parseMessageId(`m${'a'.repeat(26)}`)
const OTHER = parseMessageId(`m${'b'.repeat(25)}a`)

type Notes = Table<readonly [string, number], string>

function notesOf(store: Store): Notes {
  return store.table('notes', { key: tupleKey(textPart(), uintPart()), value: textCodec })
}

/** Run each of them on a place of its own. */
export const storeCases: readonly StoreCase[] = [
  {
    name: 'STO-1 what was put is there, what was deleted is not',
    run: (place) =>
      inStore(place, async (store) => {
        const notes = notesOf(store)
        await store.commit([notes.put(['a', 1], 'one'), notes.put(['a', 2], 'two')])
        await store.commit([notes.delete(['a', 1])])
        same(await notes.get(['a', 1]), undefined)
        same(await notes.get(['a', 2]), 'two')
      }),
  },
  {
    name: 'STO-1 several values are read at once, in the order of the keys asked for',
    run: (place) =>
      inStore(place, async (store) => {
        const notes = notesOf(store)
        await store.commit([notes.put(['a', 1], 'one'), notes.put(['a', 2], 'two')])
        same(
          await notes.getMany([
            ['a', 2],
            ['a', 9],
            ['a', 1],
          ]),
          ['two', undefined, 'one'],
        )
        same(await notes.getMany([]), [])
      }),
  },
  {
    name: 'STO-47 keys come as entries do, within their range',
    run: (place) =>
      inStore(place, async (store) => {
        const key = tupleKey(idPart(parseMessageId), uintPart())
        const table = store.table('hidden', { key, value: countCodec })
        const ats = [1, 2, 3, 4, 5]
        await store.commit(
          ats.flatMap((at) => [MESSAGE, OTHER].map((id) => table.put([id, at], at))),
        )
        const range = { prefix: [OTHER], gt: [OTHER, 1], limit: 3, reverse: true } as const
        same(
          await collect(table.keys(range)),
          (await collect(table.entries(range))).map(([one]) => one),
        )
        same(
          await collect(table.keys()),
          (await collect(table.entries())).map(([one]) => one),
        )
        same((await collect(table.keys())).length, 10)
      }),
  },
  {
    name: 'STO-2 tables do not see each other',
    run: (place) =>
      inStore(place, async (store) => {
        const [one, two] = ['one', 'one-more'].map((name) =>
          store.table(name, { key: singleKey(textPart()), value: textCodec }),
        )
        if (one === undefined || two === undefined) throw new Error('no tables')
        await store.commit([one.put('k', 'of one'), two.put('k', 'of two')])
        same(await collect(one.entries()), [['k', 'of one']])
        same(await collect(two.entries()), [['k', 'of two']])
      }),
  },
  {
    name: 'STO-3 entries come in the order of their keys: text by code point, numbers by size',
    run: (place) =>
      inStore(place, async (store) => {
        const notes = notesOf(store)
        const sorted = [
          ['', 0],
          ['a', 2],
          ['a', 10],
          ['a', 2 ** 40],
          ['a', Number.MAX_SAFE_INTEGER],
          ['a\u0001', 1],
          ['a\u0001b', 1],
          ['ab', 0],
          ['é', 0],
          ['\u{fffd}', 0],
          ['\u{1f600}', 0],
        ] as const
        await store.commit([...sorted].reverse().map((key) => notes.put(key, String(key))))
        same(
          (await collect(notes.entries())).map(([key]) => key),
          sorted,
        )
        const reversed = await collect(notes.entries({ reverse: true }))
        same(
          reversed.map(([key]) => key),
          [...sorted].reverse(),
        )
      }),
  },
  {
    name: 'STO-4 a range takes borders, a prefix, a limit and a direction',
    run: (place) =>
      inStore(place, async (store) => {
        const notes = notesOf(store)
        const puts = ['a', 'ab', 'b'].flatMap((name) =>
          Array.from({ length: 150 }, (_, at) => notes.put([name, at], `${name}${at}`)),
        )
        await store.commit(puts)
        const numbers = async (range: Parameters<Notes['entries']>[0]): Promise<number[]> =>
          (await collect(notes.entries(range))).map(([[, number]]) => number)
        same(
          await numbers({ prefix: ['a'] }),
          Array.from({ length: 150 }, (_, at) => at),
        )
        same(await numbers({ gt: ['a', 3], lt: ['a', 6] }), [4, 5])
        same(await numbers({ gte: ['a', 3], lte: ['a', 6] }), [3, 4, 5, 6])
        same(await numbers({ prefix: ['ab'], reverse: true, limit: 3 }), [149, 148, 147])
        same(await numbers({ prefix: ['ab'], gte: ['ab', 148] }), [148, 149])
        same((await numbers({ limit: 100 })).length, 100)
        same((await numbers({ reverse: true })).length, 450)
        same(await numbers({ limit: 0 }), [])
        same(await numbers({ gte: ['c', 0] }), [])
        same(await numbers({ gt: ['b', 5], lt: ['a', 5] }), [])
      }),
  },
  {
    name: 'STO-5 commits made together are made in order, the last one counts',
    run: (place) =>
      inStore(place, async (store) => {
        const count = store.table('count', { key: singleKey(textPart()), value: countCodec })
        const done: number[] = []
        const commits = Array.from({ length: 200 }, async (_, at) => {
          await store.commit([count.put('n', at)])
          done.push(at)
        })
        await Promise.all(commits)
        same(await count.get('n'), 199)
        same(
          done,
          Array.from({ length: 200 }, (_, at) => at),
        )
      }),
  },
  {
    name: 'STO-6 a commit that was cancelled while it waited changes nothing',
    run: (place) =>
      inStore(place, async (store) => {
        const notes = notesOf(store)
        const reason = new Error('changed my mind')
        const cancelled = store.commit([notes.put(['a', 1], 'no')], {
          signal: AbortSignal.abort(reason),
        })
        same(await cancelled.catch((error: unknown) => error), reason)
        same(await notes.get(['a', 1]), undefined)
      }),
  },
  {
    name: 'STO-11 entries read while commits go on come at most once each, in order',
    run: (place) =>
      inStore(place, async (store) => {
        const notes = notesOf(store)
        const even = Array.from({ length: 200 }, (_, at) => notes.put(['a', at * 2], 'before'))
        await store.commit(even)
        const seen: number[] = []
        for await (const [[, number]] of notes.entries()) {
          seen.push(number)
          // One in front of the reader, one behind it, and one that it has not come to is taken away.
          const [ahead, behind] = [number + 201, Math.max(0, number - 1)]
          const [put, back] = [notes.put(['a', ahead], 'new'), notes.put(['a', behind], 'new')]
          if (number < 300) await store.commit([put, back, notes.delete(['a', 398])])
        }
        same(
          seen,
          [...new Set(seen)].sort((a, b) => a - b),
        )
        const missed = even.map((_, at) => at * 2).filter((number) => !seen.includes(number))
        same(missed, [398])
      }),
  },
  {
    name: 'STO-23 entries are found by an id that does not stand on the disk',
    run: (place) =>
      inStore(place, async (store) => {
        const parts = tupleKey(idPart(parseMessageId), uintPart())
        const table = store.table('reached', { key: parts, value: textCodec })
        await store.commit([
          table.put([MESSAGE, 2], 'two'),
          table.put([MESSAGE, 1], 'one'),
          table.put([OTHER, 3], 'three'),
        ])
        same(await table.get([MESSAGE, 2]), 'two')
        same(await collect(table.entries({ prefix: [MESSAGE] })), [
          [[MESSAGE, 1], 'one'],
          [[MESSAGE, 2], 'two'],
        ])
        same((await collect(table.entries())).length, 3)
      }),
  },
  {
    name: 'STO-7 what was acknowledged is there after the store was closed and opened',
    run: async (place) => {
      if (!place.isKept) return
      await inStore(place, async (store) => {
        await store.commit([notesOf(store).put(['kept', 1], 'x'.repeat(70_000))])
      })
      await inStore(place, async (store) => {
        same((await notesOf(store).get(['kept', 1]))?.length, 70_000)
        same(store.damage, [])
      })
    },
  },
  {
    name: 'STO-9 a closed store refuses, and waits for what was under way',
    run: async (place) => {
      const store = await place.open()
      const notes = notesOf(store)
      const underWay = store.commit([notes.put(['a', 1], 'one')])
      await store.close()
      await underWay
      await store.close()
      same(await codeOf(store.commit([notes.put(['a', 2], 'two')])), 'ERR_STORE_CLOSED')
      same(await codeOf(notes.get(['a', 1])), 'ERR_STORE_CLOSED')
    },
  },
  {
    name: 'STO-10 a value or key that is not of its codec is refused before anything is written',
    run: (place) =>
      inStore(place, async (store) => {
        const notes = notesOf(store)
        const tries = [
          () => notes.put(['a', -1], 'x'),
          () => notes.put(['a', 0.5], 'x'),
          () => notes.put(['a', 2 ** 53], 'x'),
          () => notes.put(['\ud800', 1], 'x'),
          () => notes.put(['a'.repeat(513), 1], 'x'),
          () => notes.put(['a', 1], 'x'.repeat(100_001)),
          () => store.table('Not A Name', { key: singleKey(textPart()), value: textCodec }),
        ]
        for (const attempt of tries) same(thrown(attempt), true)
        same(await collect(notes.entries()), [])
      }),
  },
]

async function inStore(place: StorePlace, work: (store: Store) => Promise<void>): Promise<void> {
  await using store = await place.open()
  await work(store)
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

function thrown(attempt: () => unknown): boolean {
  try {
    attempt()
    return false
  } catch {
    return true
  }
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof Error && 'code' in error ? error.code : error
}

function same(actual: unknown, expected: unknown): void {
  if (isSame(actual, expected)) return
  throw new Error(`got ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`)
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b)
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => isSame(item, b[at]))
  }
  return Object.is(a, b)
}
