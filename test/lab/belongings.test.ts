import { expect, test } from 'vitest'
import { leaveNothing, remembered } from './belongings.ts'

test('what the lab made goes once, the newest first', async () => {
  const gone: string[] = []
  const made = (name: string): AsyncDisposable =>
    remembered({ [Symbol.asyncDispose]: async () => void gone.push(name) })
  const [internet] = [made('internet'), made('crew'), made('lines')]
  await internet?.[Symbol.asyncDispose]()
  await leaveNothing()
  await leaveNothing()
  expect(gone).toEqual(['internet', 'lines', 'crew'])
})

test('who disposes of what is being disposed of waits for the end of that', async () => {
  const ended = Promise.withResolvers<void>()
  const one = remembered({ [Symbol.asyncDispose]: () => ended.promise })
  void one[Symbol.asyncDispose]()
  let isLeft = false
  const leaving = leaveNothing().then(() => {
    isLeft = true
  })
  await Promise.resolve()
  expect(isLeft).toBe(false)
  ended.resolve()
  await leaving
  expect(isLeft).toBe(true)
})
