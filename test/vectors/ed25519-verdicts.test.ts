import { describe, expect, test } from 'vitest'
import { EXPECTED, verdictsHere } from './ed25519-verdicts.ts'
import { absentVectors, readVectors } from './vectors-command.ts'

describe.skipIf(absentVectors !== '')(`public vectors${absentVectors}`, () => {
  test('ID-5, ID-6: ed25519-speccheck and Wycheproof have these verdicts in Node', async () => {
    expect(await verdictsHere(readVectors)).toEqual(EXPECTED)
    expect(EXPECTED['wycheproof signatures']).toHaveLength(151)
  })
})
