import { expect, test } from 'vitest'
import { commands } from 'vitest/browser'
import { EXPECTED, verdictsHere } from './ed25519-verdicts.ts'

declare module 'vitest/browser' {
  interface BrowserCommands {
    vectors(name: string): Promise<string | undefined>
  }
}

test('ID-5, ID-6: ed25519-speccheck and Wycheproof have the same verdicts in Chromium', async (context) => {
  const verdicts = await verdictsHere((name) => commands.vectors(name))
  if (verdicts === undefined) context.skip('no ../shared/vectors beside the repository')
  expect(verdicts).toEqual(EXPECTED)
})
