import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../../shared/vectors/', import.meta.url))

/** Public vectors that tests know; they lie beside the repository, not in it. */
const FILES = [
  'ed25519-speccheck/cases.json',
  'wycheproof/aes_gcm_test.json',
  'wycheproof/chacha20_poly1305_test.json',
  'wycheproof/ed25519_test.json',
  'wycheproof/hkdf_sha256_test.json',
  'wycheproof/hmac_sha256_test.json',
  'wycheproof/mlkem_768_encaps_test.json',
  'wycheproof/mlkem_768_keygen_seed_test.json',
  'wycheproof/mlkem_768_test.json',
  'wycheproof/x25519_test.json',
  'wycheproof/xchacha20_poly1305_test.json',
  'xwing/test-vectors-MLKEM768X25519.json',
] as const

/** Says why a test of them was skipped; empty when they are there. */
export const absentVectors: string = existsSync(FOLDER)
  ? ''
  : ' (skipped: no ../shared/vectors beside the repository)'

/** A file of vectors, for tests in Node and, as a command, for pages; undefined where they are absent. */
export async function readVectors(name: string): Promise<string | undefined> {
  const file = FILES.find((known) => known === name)
  if (file === undefined || absentVectors !== '') return undefined
  return readFile(`${FOLDER}${file}`, 'utf8')
}

/** The same, called by a page under test. */
export function vectorsCommand(_page: unknown, name: string): Promise<string | undefined> {
  return readVectors(name)
}
