import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const START = fileURLToPath(new URL('../dist/start.js', import.meta.url))

test('--once --json plays the whole story with real parts and ends', {
  timeout: 60_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [START, '--once', '--json'])
  const events: readonly {
    readonly step?: string
    readonly ms?: number
    readonly event?: string
  }[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

  expect(events.map(({ step, event }) => step ?? event)).toEqual([
    'relay',
    'devices',
    'link',
    'contact',
    'rename',
    'message',
    'reply',
    'star',
    'done',
  ])
  for (const { ms } of events.slice(0, -1)) expect(ms).toBeTypeOf('number')
})
