import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { VECTOR_FILES, type VectorFileName } from './files.ts'

/** Where the files are. */
export const VECTORS_FOLDER: string = fileURLToPath(
  new URL('../../../../docs/vectors/', import.meta.url),
)

/** A file as text. */
export function readVectorText(name: VectorFileName): Promise<string> {
  return readFile(`${VECTORS_FOLDER}${name}`, 'utf8')
}

/** The same, called by a page under test. */
export async function ownVectorsCommand(_page: unknown, name: string): Promise<string> {
  const known = VECTOR_FILES.find((file) => file === name)
  if (known === undefined) throw new Error('no file of vectors')
  return readVectorText(known)
}
