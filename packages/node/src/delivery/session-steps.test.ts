import { expect, test } from 'vitest'
import { deviceNamed } from '../../test/people.ts'
import { createSessionSteps } from './session-steps.ts'

const BEN = deviceNamed('p')

test('DEL-23 whoever writes at once waits for every step before, handed over or dropped, of that device only', async () => {
  const steps = createSessionSteps()
  const [one, two] = [steps.next(BEN), steps.next(BEN)]
  let isOver = false
  const waited = steps.handedOver(BEN).then(() => {
    isOver = true
  })
  await steps.handedOver(deviceNamed('t'))
  one.handOver()
  await new Promise(setImmediate)
  expect(isOver).toBe(false)
  two.drop()
  await waited
  await steps.handedOver(BEN)
})

test('DEL-23 a step that was overtaken is in the later one, unless that was not written', () => {
  const steps = createSessionSteps()
  const [one, two, three, four] = [1, 2, 3, 4].map(() => steps.next(BEN))
  expect([two?.handOver(), one?.handOver()]).toEqual([true, false])
  expect(four?.handOver()).toBe(true)
  four?.drop()
  expect(three?.handOver()).toBe(true)
  expect(steps.next(BEN).handOver()).toBe(true)
})
