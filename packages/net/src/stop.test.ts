import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('NET-18 a program whose nets were stopped ends by itself', async () => {
  expect(await endOf('stopping-device.ts')).toEqual({ code: 0, signal: null, prompt: true })
})

test('NET-9 a program lives on when what listened on webrtc-direct was stopped and is still dialled', async () => {
  expect(await endOf('restarting-devices.ts')).toEqual({ code: 0, signal: null, prompt: true })
})

interface End {
  readonly code: number | null
  readonly signal: string | null
  /** Within ten seconds of the word that everything was stopped; what is held open is held for ever. */
  readonly prompt: boolean
}

async function endOf(name: string): Promise<End> {
  const script = fileURLToPath(new URL(`./testing/${name}`, import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stoppedAt = Number.NaN
  child.stdout.on('data', () => {
    stoppedAt = performance.now()
  })
  const [code, signal] = await once(child, 'exit')
  return { code, signal, prompt: performance.now() - stoppedAt < 10_000 }
}
