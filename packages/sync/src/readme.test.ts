import { readFile, rm, writeFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'

test('the example of the README runs as it stands', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const file = new URL(`./readme-example-${process.pid}.ts`, import.meta.url)
  const said = vi.spyOn(console, 'log').mockImplementation(() => {})
  try {
    await writeFile(file, example)
    await import(/* @vite-ignore */ file.href)
    expect(said.mock.calls).toEqual([['the phone knows Ben']])
  } finally {
    said.mockRestore()
    await rm(file, { force: true })
  }
})
