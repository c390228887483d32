import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('NET-18 a program whose nets were stopped ends by itself', async () => {
  const script = fileURLToPath(new URL('./testing/stopping-device.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stoppedAt = Number.NaN
  child.stdout.on('data', () => {
    stoppedAt = performance.now()
  })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(performance.now() - stoppedAt).toBeLessThan(2_000)
})
