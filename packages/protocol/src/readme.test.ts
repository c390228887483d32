import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as protocol from './index.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')
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

test('every code has its row in the README, and every row its code', () => {
  const declared = [...read('errors.ts').matchAll(/\| '(ERR_\w+)'/g)].map(([, code]) => code)
  const rows = [...readme.matchAll(/^\| `(ERR_\w+)` \| .+ \| .+ \| .+ \|$/gm)].map(
    ([, code]) => code,
  )
  const thrownAbove = /^ERR_(CARD|SESSION|ADDRESS|PROTOCOL|UNREACHABLE)/
  expect(rows.filter((code) => !declared.includes(code))).toEqual([])
  expect(declared.filter((code) => !rows.includes(code) && !thrownAbove.test(code ?? ''))).toEqual(
    [],
  )
})
