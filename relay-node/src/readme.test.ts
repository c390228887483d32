import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { RUN_SOURCES } from './testing/processes.ts'
import { createWorld } from './testing/running.ts'

const world = createWorld()
afterEach(() => world.stop())

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

test('the example of the README runs as it stands', async () => {
  const readme = await readFile(path('../README.md'), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const folder = await world.home()
  await writeFile(join(folder, 'example.ts'), example)
  const child = spawn(process.execPath, ['--import', RUN_SOURCES, 'example.ts'], { cwd: folder })
  let stdout = ''
  child.stdout.on('data', (chunk: Uint8Array) => {
    stdout += Buffer.from(chunk).toString()
  })
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  expect(stdout).toMatch(/\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+/)
})
