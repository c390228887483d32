import { describe, expect, test } from 'vitest'
import { strykerPlugins } from './ignore-sentences.ts'
import { type Mutant, summaryOf } from './summary.ts'

const mutant = (status: string, more: Partial<Mutant> = {}): Mutant => ({
  fileName: 'packages/log.ts',
  location: { start: { line: 7, column: 3 } },
  mutatorName: 'StringLiteral',
  replacement: '""',
  status,
  ...more,
})

describe('what a run of Stryker comes to', () => {
  test('the score is over what could be tried; a mutant that runs for ever is noticed', () => {
    const { score, text } = summaryOf([
      ...['Killed', 'Timeout', 'Survived', 'NoCoverage'].map((status) => mutant(status)),
      ...['Ignored', 'CompileError'].map((status) => mutant(status)),
    ])
    expect(score).toBe(50)
    expect(text).toContain('50.0 % of 4 mutants noticed')
  })

  test('each mutant that nothing noticed has its line', () => {
    const { text } = summaryOf([
      mutant('Killed'),
      mutant('Survived', { replacement: 'a\n  && b' }),
      mutant('NoCoverage'),
    ])
    const lines = text.split('\n')
    expect(lines).toContain('packages/log.ts')
    expect(lines).toContain('  7:3 StringLiteral: a && b')
    expect(lines).toContain('  7:3 StringLiteral: "" (met by no test)')
  })

  test('a run that tried nothing has no score to be proud of', () => {
    expect(summaryOf([]).score).toBe(0)
  })
})

describe('what is not mutated', () => {
  const isIgnored = (
    name: string,
    key: number,
    { type = 'StringLiteral', listKey = 'arguments' } = {},
  ): boolean =>
    strykerPlugins.some(({ value }) => {
      const path = { listKey, key, node: { type }, parent: { callee: { name } } }
      return value.shouldIgnore(path) !== undefined
    })

  test('the sentences of an error, but not its code', () => {
    expect(isIgnored('KithError', 0)).toBe(false)
    expect(isIgnored('KithError', 1)).toBe(true)
    expect(isIgnored('KithError', 2)).toBe(true)
    expect(isIgnored('refuse', 0)).toBe(true)
    expect(isIgnored('orRefused', 0)).toBe(true)
    expect(isIgnored('orRefused', 0, { type: 'ArrowFunctionExpression' })).toBe(false)
  })

  test('nothing of other calls', () => {
    expect(isIgnored('domainBytes', 1)).toBe(false)
    expect(isIgnored('KithError', 1, { listKey: 'body' })).toBe(false)
  })
})
