import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { tellStory } from '../../test/log-story.ts'

const spec = readFileSync(
  fileURLToPath(new URL('../../../../docs/spec/log.md', import.meta.url)),
  'utf8',
)
const examples = [...spec.matchAll(/^### (.+)\n(?:(?!```)[\s\S])*?```log\n([\s\S]*?)```/gm)].map(
  ([, title = '', block = '']) => ({ title, lines: block.trim().split('\n') }),
)

/** The rules an example is about. */
const RULES: Readonly<Record<string, string>> = {
  'A laptop is copied, and both go on': 'LOG-6',
  'Two devices suspend each other': 'A9, LOG-7, LOG-14',
  'A device is unlinked while it is away': 'A8, A9, LOG-5',
  'A thief is suspended, and strikes back': 'LOG-7',
  'The accuser goes': 'LOG-5',
  'The words are used': 'LOG-13',
  'The ninth device': 'LOG-8',
  'A browser for an hour': 'LOG-11',
}

describe('the examples of docs/spec/log.md', () => {
  test('each is known here', () => {
    expect(examples.map(({ title }) => title)).toEqual(Object.keys(RULES))
  })

  test.each(examples.map(({ title, lines }) => [`${RULES[title]}: ${title}`, lines] as const))(
    '%s',
    async (_, lines) => {
      const outcomes = await tellStory(lines)
      expect(outcomes.length).toBeGreaterThan(0)
      for (const { line, expected, actual } of outcomes)
        expect([line, actual]).toEqual([line, expected])
    },
  )
})
