import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What each page's samples print, in order; every sample of these pages is run as it stands. */
const PAGES: Readonly<Record<string, readonly RegExp[]>> = {
  'README.md': [/^$/],
  'packages/node/README.md': [/^Ben Hello Ada$/],
  'docs/guides/embedding.md': [
    /on 1 of 1 devices$/,
    /done\ntrue$/,
    /^true$/,
    /^16 Europe\/Berlin$/,
    /^true 15$/,
  ],
}

describe.each(Object.entries(PAGES))('%s', async (page, prints) => {
  const text = await readFile(join(root, page), 'utf8')
  const samples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, sample = '']) => sample)

  test('has as many samples as are expected here', () => {
    expect(samples).toHaveLength(prints.length)
  })

  test.each(samples.map((sample, at) => [at, sample] as const))(
    'sample %i runs',
    async (at, sample) => {
      expect(await outputOf(sample)).toMatch(prints[at] ?? /never/)
    },
  )
})

/** Runs a sample with its homes in a folder of its own. */
async function outputOf(sample: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-docs-'))
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => {
    printed.push(parts.join(' '))
  })
  try {
    const file = join(folder, 'sample.ts')
    await writeFile(file, sample.replaceAll("'./", `'${folder}/`))
    await import(file)
    return printed.join('\n')
  } finally {
    log.mockRestore()
    await rm(folder, { recursive: true, force: true })
  }
}
