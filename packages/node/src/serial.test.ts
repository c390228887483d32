import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSerial } from './serial.ts'

test('DEL-6 tasks of one key never overlap and keep their order, whatever fails between', async () => {
  const tasks = fc.array(
    fc.record({ key: fc.constantFrom('ada', 'ben'), turns: fc.nat(3), fails: fc.boolean() }),
    { maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(tasks, async (given) => {
      const serial = createSerial<string>()
      const running = new Set<string>()
      const order: number[] = []
      const runs = given.map(({ key, turns, fails }, at) =>
        serial(key, async () => {
          expect(running.has(key)).toBe(false)
          running.add(key)
          for (let turn = 0; turn < turns; turn++) await Promise.resolve()
          running.delete(key)
          order.push(at)
          if (fails) throw new Error('on purpose')
          return at
        }),
      )
      const outcomes = await Promise.allSettled(runs)
      for (const key of ['ada', 'ben']) {
        const mine = (at: number): boolean => given[at]?.key === key
        expect(order.filter(mine)).toEqual(given.map((_, at) => at).filter(mine))
      }
      expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(
        given.map(({ fails }) => fails),
      )
    }),
    { numRuns: 50 },
  )
})
