import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as protocol from './index.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const read = (path: string): string => readFileSync(`${here}${path}`, 'utf8')
const readme = read('../README.md')

test('the example of the README runs and prints what it says', async () => {
  const [, example = ''] = readme.match(/```ts\n([\s\S]*?)```/) ?? []
  const body = example.replace(
    /import (\{[\s\S]*?\}) from '@kithmesh\/protocol'/,
    'const $1 = protocol',
  )
  expect(body).not.toContain('import')
  const printed: string[] = []
  const log = (...words: readonly unknown[]): void => void printed.push(words.join(' '))
  const run = new Function('protocol', 'console', `return (async () => {${body}})()`)
  await run(protocol, { log })
  expect(printed).toEqual(['0 in', '1 in'])
})

test('every code of this package has its row in the README, and every row its code', () => {
  const sources = globSync('**/*.ts', { cwd: here }).filter((path) => !path.endsWith('.test.ts'))
  const used = sources
    .filter((path) => path !== 'errors.ts')
    .flatMap((path) => codesIn(/'(ERR_\w+)'/g, read(path)))
  const rows = codesIn(/^\| `(ERR_\w+)` \| .+ \| .+ \| .+ \|$/gm, readme)
  expect(rows.toSorted()).toEqual([...new Set(used)].sort())
})

function codesIn(pattern: RegExp, text: string): readonly (string | undefined)[] {
  return [...text.matchAll(pattern)].map(([, code]) => code)
}
