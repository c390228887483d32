import { expect, test } from 'vitest'
import { createVirtualTime, Stuck } from './time.ts'

test('SIM-2 time passes when nothing is left to do, and what is due runs in its order', async () => {
  const time = createVirtualTime()
  const seen: string[] = []
  time.at(5, () => void seen.push('b'))
  time.at(1, () => {
    seen.push('a')
    // Everything that settles at one moment does so before the next one.
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => void seen.push(`settled at ${time.now()}`))
  })
  time.at(5, () => void seen.push('c'))
  const cancel = time.at(3, () => void seen.push('never'))
  cancel()
  await time.run(10)
  expect(seen).toEqual(['a', 'settled at 1', 'b', 'c'])
  expect(time.now()).toBe(10)
})

test('SIM-2 what never settles is told, not waited for', async () => {
  const time = createVirtualTime()
  await expect(time.settle(new Promise(() => undefined), 1_000)).rejects.toThrow(Stuck)
  expect(time.now()).toBe(1_000)
})
