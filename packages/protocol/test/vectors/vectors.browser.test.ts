import { expect, test } from 'vitest'
import { commands } from 'vitest/browser'
import { noblePrimitives } from '../../src/index.ts'
import { checkVectors } from './check.ts'
import { VECTOR_FILES } from './files.ts'
import { ownOperations } from './operations.ts'
import { parseVectorFile } from './vector-file.ts'

declare module 'vitest/browser' {
  interface BrowserCommands {
    ownVectors(name: string): Promise<string>
  }
}

test.each(VECTOR_FILES)(
  'ID-2 ID-4 MSG-6 SES-1 %s comes out as published in Chromium',
  async (name) => {
    const file = parseVectorFile(await commands.ownVectors(name))
    const implementation = { operations: ownOperations, primitives: noblePrimitives }
    const { values, differences } = await checkVectors(file, implementation)
    expect(differences).toEqual([])
    expect(values).toBeGreaterThan(20)
  },
)
