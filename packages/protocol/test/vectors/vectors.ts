/**
 * `npm run vectors -- check` checks docs/vectors: with this implementation and each of its sets of primitives, and
 * with the reference. `npm run vectors -- write` writes the files anew. Exit code 1 when something differs, 2
 * for another word.
 */

import { writeFile } from 'node:fs/promises'
import { noblePrimitives } from '../../src/index.ts'
import { nativePrimitives } from '../native-primitives.ts'
import { checkVectors, type Implementation } from './check.ts'
import { VECTOR_FILES } from './files.ts'
import { ownOperations } from './operations.ts'
import { readVectorText, VECTORS_FOLDER } from './read-vectors.ts'
import { referenceOperations } from './reference/operations.ts'
import { parseVectorFile } from './vector-file.ts'
import { writeVectors } from './written.ts'

const IMPLEMENTATIONS: Readonly<Record<string, Implementation>> = {
  noble: { operations: ownOperations, primitives: noblePrimitives },
  native: { operations: ownOperations, primitives: nativePrimitives },
  reference: { operations: referenceOperations, primitives: noblePrimitives, isPartial: true },
}

async function check(): Promise<void> {
  for (const name of VECTOR_FILES) {
    const file = parseVectorFile(await readVectorText(name))
    for (const [by, implementation] of Object.entries(IMPLEMENTATIONS)) {
      const { cases, values, differences } = await checkVectors(file, implementation)
      console.log(`${name} by ${by}: ${cases} cases, ${values} values`)
      for (const path of differences) console.error(`${name} by ${by}: differs at ${path}`)
      if (differences.length > 0) process.exitCode = 1
    }
  }
}

async function write(): Promise<void> {
  const written = await writeVectors()
  for (const name of VECTOR_FILES) {
    const text = written[name]
    const before = await readVectorText(name).catch(() => undefined)
    await writeFile(`${VECTORS_FOLDER}${name}`, text)
    console.log(`${name}: ${text.length} bytes${before === text ? '' : ', changed'}`)
  }
}

const [word] = process.argv.slice(2)
if (word === 'check') await check()
else if (word === 'write') await write()
else {
  console.error('check or write?')
  process.exitCode = 2
}
