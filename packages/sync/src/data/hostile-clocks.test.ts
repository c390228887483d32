import { describe, expect, test, vi } from 'vitest'
import { any, BEN, expectRefused, MAX_MS, one, victim } from '../testing/hostile-update.ts'
import {
  deletedItem,
  nextTextItem,
  textItem,
  type WireClient,
  wireUpdate,
} from '../testing/yjs-update.ts'
import { createAccountData } from './account-data.ts'
import { MAX_HELD_PER_SOURCE } from './held-updates.ts'
import { MAX_CLIENT, MAX_CLOCK } from './update-check.ts'

describe('C2 clocks', () => {
  test.each<[string, Uint8Array]>([
    ['a GC struct of length 2^50', one({ kind: 'gc', length: 2 ** 50 })],
    ['a GC struct that ends past the last clock', one({ kind: 'gc', length: MAX_CLOCK + 1 })],
    ['a length of 0', one({ kind: 'gc', length: 0 })],
    ['an item without an element', one(any(0))],
    ['a deleted item of length 0', one(deletedItem(0))],
    ['a future clock no client reaches', one(textItem('settings', 'k/value', 'v'), 2 ** 40)],
    ['a gap inside (skip)', one({ kind: 'skip', length: 5 })],
    [
      'one client twice',
      wireUpdate([
        { client: 9, clock: 0, structs: [textItem('settings', 'a/value', 'v')] },
        { client: 9, clock: 0, structs: [textItem('settings', 'b/value', 'v')] },
      ]),
    ],
    ['a deletion past the last clock', wireUpdate([], [{ client: 1, ranges: [[0, 2 ** 52]] }])],
    ['a deletion of nothing', wireUpdate([], [{ client: 1, ranges: [[0, 0]] }])],
  ])('ACC-9 %s is refused', (_, update) => expectRefused(update, 'ERR_UPDATE_CLOCK'))

  test('ACC-9 boundaries of the clock: the last one is taken, one more is not', () => {
    expect(victim().applyUpdate(one(deletedItem(MAX_CLOCK)))).toEqual({ kind: 'applied' })
    for (const length of [MAX_CLOCK + 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
      expectRefused(one(deletedItem(length)), 'ERR_UPDATE_CLOCK')
    }
    expectRefused(one(textItem('settings', 'k/value', 'v'), MAX_CLOCK), 'ERR_UPDATE_CLOCK')
  })

  test('ACC-9 the largest client id is taken, a larger one is not', () => {
    const by = (client: number): Uint8Array =>
      wireUpdate([{ client, clock: 0, structs: [textItem('settings', 'k/value', 'v')] }])
    expect(victim().applyUpdate(by(MAX_CLIENT))).toEqual({ kind: 'applied' })
    expectRefused(by(MAX_CLIENT + 1), 'ERR_UPDATE_CLOCK')
    expectRefused(by(2 ** 53 - 1), 'ERR_UPDATE_CLOCK')
  })

  test('ACC-9 a claim of 2^24 deleted entries costs no more than one', () => {
    const data = victim()
    expect(data.applyUpdate(one(deletedItem(MAX_CLOCK)))).toEqual({ kind: 'applied' })
    expect(data.encodeState().length).toBeLessThan(victim().encodeState().length + 32)
  })

  test('ACC-10 3,633 updates with future clocks cost nothing to speak of and never reach Yjs', () => {
    const data = victim()
    const before = data.encodeState()
    const begun = performance.now()
    for (let clock = 3_634; clock > 1; clock -= 1) {
      const update = one(textItem('settings', 'k/value', 'v'), clock)
      expect(data.applyUpdate(update, { source: 'thief' })).toEqual({ kind: 'held' })
    }
    expect(performance.now() - begun).toBeLessThan(5 * MAX_MS)
    expect(data.encodeState()).toEqual(before)
    data.dropHeld('thief')
    expect(data.heldCount).toBe(0)
  })

  test('ACC-10 what one source has waiting is bounded, and takes no room from another', () => {
    const data = victim()
    const outcomes = new Set<string>()
    for (let clock = 2; clock < MAX_HELD_PER_SOURCE + 3; clock += 1) {
      const update = one(textItem('settings', 'k/value', 'v'), clock)
      outcomes.add(JSON.stringify(data.applyUpdate(update, { source: 'thief' })))
    }
    expect([...outcomes]).toEqual([
      '{"kind":"held"}',
      '{"kind":"refused","code":"ERR_UPDATE_HELD_LIMIT"}',
    ])
    expect(data.heldCount).toBe(MAX_HELD_PER_SOURCE)
    const honest = one(textItem('settings', 'k/value', 'v'), 2)
    expect(data.applyUpdate(honest, { source: 'phone' })).toEqual({ kind: 'held' })
  })

  test('ACC-9 entries that stand behind those of another writer, or of nobody, are refused', () => {
    const circle: readonly WireClient[] = [
      { client: 9, clock: 0, structs: [nextTextItem([8, 0], 'v')] },
      { client: 8, clock: 0, structs: [nextTextItem([9, 0], 'v')] },
    ]
    expectRefused(wireUpdate(circle), 'ERR_UPDATE_CONTENT')
    expectRefused(one(nextTextItem([9, 0], 'v')), 'ERR_UPDATE_CONTENT')
    expectRefused(one(nextTextItem([1, 0], 'v')), 'ERR_UPDATE_CONTENT')
    expectRefused(one(nextTextItem([1, 1], 'v'), 2), 'ERR_UPDATE_CONTENT')
    expectRefused(one(nextTextItem([9, 0], 'v'), 2), 'ERR_UPDATE_CONTENT')
  })

  test('ACC-10 updates that wait in a long chain are applied in linear time, oldest last', () => {
    const data = victim()
    const cost = spent(() => {
      for (let clock = 4_000; clock > 0; clock -= 1) {
        const update = one(textItem('settings', 'k/value', `v${clock}`), clock)
        expect(data.applyUpdate(update, { source: 'phone' })).toEqual({ kind: 'held' })
      }
      expect(data.applyUpdate(one(textItem('settings', 'k/value', 'v')))).toEqual({
        kind: 'applied',
      })
    })
    expect(data.heldCount).toBe(0)
    expect(data.settings.get('k')).toBe('v4000')
    expect(cost).toBeLessThan(5 * MAX_MS)
  })

  test('somebody who writes as us moves us to another client id', () => {
    const data = victim()
    const theirs = wireUpdate([{ client: 1, clock: 0, structs: [deletedItem(500)] }])
    // Before Yjs notices: it would print to the console of whoever runs us.
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
    expect(data.applyUpdate(theirs)).toEqual({ kind: 'applied' })
    expect(printed).not.toHaveBeenCalled()
    printed.mockRestore()
    const written: Uint8Array[] = []
    data.onUpdate((update) => written.push(update))
    data.settings.set('k', 'v')
    const other = createAccountData({ clientId: 2 })
    other.applyUpdate(data.encodeState(), { kind: 'snapshot' })
    for (const update of written) expect(other.applyUpdate(update)).toEqual({ kind: 'applied' })
    expect(other.settings.get('k')).toBe('v')
    expect(other.contacts.get(BEN)?.name).toBe('Ben')
  })
})

/** What a task costs of this processor, in ms: other processes do not count. */
function spent(task: () => void): number {
  const begun = process.cpuUsage()
  task()
  return process.cpuUsage(begun).user / 1_000
}
