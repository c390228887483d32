import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('NET-9 a process is idle when nothing keeps it running, whatever its standard streams are', async () => {
  const script = fileURLToPath(new URL('./testing/idle-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  expect(JSON.parse(await text(child.stdout))).toEqual({
    resting: true,
    waiting: false,
    listening: false,
    reading: false,
    paused: true,
  })
})
