import { expect, test } from 'vitest'
import { createBell } from './bell.ts'

test('NODE-9 a ring while nobody waits is kept for the next wait, and only one', async () => {
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
