import { expect, test } from 'vitest'
import { argon2idInWorker } from './argon2id.browser.ts'
import { ARGON2ID_COST } from './argon2id.ts'

test('LOCK-4 a page under Trusted Types may start the worker, which computes Argon2id 1.3', async () => {
  const policy = document.createElement('meta')
  policy.httpEquiv = 'Content-Security-Policy'
  policy.content = "require-trusted-types-for 'script'; trusted-types kithmesh"
  document.head.append(policy)
  expect(() => new Worker('/anything.js')).toThrow(TypeError)
  const text = new TextEncoder()
  const hash = await argon2idInWorker({
    password: text.encode('password'),
    salt: text.encode('somesalt'),
    cost: { memoryKiB: ARGON2ID_COST.memoryKiB, passes: 2, lanes: 1 },
  })
  // Test vector of the reference implementation.
  expect(Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(
    '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  )
})
