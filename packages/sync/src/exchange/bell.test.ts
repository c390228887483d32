import { expect, test } from 'vitest'
import { createBell } from './bell.ts'

test('ALOG-11 a ring while nobody sleeps is kept for the next sleeper, and only one', async () => {
  const bell = createBell()
  bell.ring()
  bell.ring()
  await bell.heard()
  let heard = false
  const second = bell.heard().then(() => {
    heard = true
  })
  await Promise.resolve()
  expect(heard).toBe(false)
  bell.ring()
  await second
})
