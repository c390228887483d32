import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountNumber, messageNumber } from '../testing/ids.ts'
import { meet, sync } from '../testing/meeting.ts'
import { UNSIGNED } from '../testing/replica-contents.ts'
import { contentsOf, openReplica, type TestReplica } from '../testing/replicas.ts'

describe('D5 convergence', () => {
  const edit = fc.record({
    kind: fc.constantFrom('set', 'rename', 'remove', 'star', 'unstar', 'put'),
    who: fc.nat({ max: 2 }),
    what: fc.nat({ max: 2 }),
    value: fc.nat({ max: 9 }),
  })
  const step = fc.oneof(
    { weight: 5, arbitrary: edit },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('meet'), who: fc.nat({ max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), who: fc.nat({ max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), who: fc.nat({ max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact'), who: fc.nat({ max: 2 }) }) },
  )
  type Step = {
    readonly kind: string
    readonly who: number
    readonly what?: number
    readonly value?: number
  }

  async function take(
    world: TestReplica[],
    { kind, who, what = 0, value = 0 }: Step,
    life: number,
  ) {
    const replica = world[who]
    const other = world[(who + 1) % world.length]
    if (replica === undefined || other === undefined) return
    const { data } = replica
    if (kind === 'set')
      data.contacts.set(accountNumber(what), { name: `n${value}`, addedAt: value })
    if (kind === 'rename') data.contacts.rename(accountNumber(what), `r${value}`)
    if (kind === 'remove') data.contacts.remove(accountNumber(what))
    if (kind === 'star') data.starred.add(messageNumber(what), value)
    if (kind === 'unstar') data.starred.remove(messageNumber(what))
    if (kind === 'put') data.settings.set(`s${what}`, value)
    if (kind === 'meet') await sync(replica, other)
    if (kind === 'cut') await interrupted(replica, other)
    if (kind === 'compact') await replica.compact()
    if (kind === 'restart') {
      await replica.close()
      world[who] = await openReplica(who, { store: replica.store, life, crypto: UNSIGNED })
    }
  }

  /** A meeting that is cut at some point of it. */
  async function interrupted(one: TestReplica, other: TestReplica): Promise<void> {
    const { line, ends } = meet(one, other)
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
    line.cut()
    await Promise.all(ends)
  }

  test('any edits, meetings, cuts, restarts and compactions on three devices end in one state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const world = await Promise.all(
          [0, 1, 2].map((number) => openReplica(number, { crypto: UNSIGNED })),
        )
        let life = 0
        for (const one of steps) await take(world, one, ++life)
        for (const replica of world) await replica.flush()
        // Twice around: what the last one wrote must come to the first.
        for (let meeting = 0; meeting < 2 * world.length; meeting += 1) {
          await take(world, { kind: 'meet', who: meeting % world.length }, 0)
        }
        const [first] = world
        if (first === undefined) return
        for (const replica of world) {
          expect(contentsOf(replica)).toEqual(contentsOf(first))
          expect(replica.data.heldCount).toBe(0)
        }
      }),
      { numRuns: 60 },
    )
  })
})
