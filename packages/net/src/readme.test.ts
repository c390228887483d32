import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'

const source = fileURLToPath(new URL('.', import.meta.url))
const readme = await readFile(join(source, '../README.md'), 'utf8')

test('README the example prints what it says', async () => {
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
  const folder = await mkdtemp(join(tmpdir(), 'kithmesh-net-readme-'))
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => {
    printed.push(parts.join(' '))
  })
  try {
    const file = join(folder, 'example.ts')
    await writeFile(file, example)
    await import(file)
  } finally {
    log.mockRestore()
    await rm(folder, { recursive: true })
  }
  expect(printed).toEqual(['lan hello, phone'])
})

test('README names every error code', async () => {
  const errors = await readFile(join(source, 'errors.ts'), 'utf8')
  const codes = [...errors.matchAll(/\| '(ERR_\w+)'/g)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(8)
  for (const code of codes) expect(readme).toContain(`| \`${code}\` |`)
})
