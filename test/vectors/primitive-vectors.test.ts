import { noblePrimitives } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import {
  asBytes,
  asKeyObject,
  type KeyForm,
  nodeChaCha20Poly1305,
} from '../../packages/node/src/aead.node.ts'
import { createNodePrimitives } from '../../packages/node/src/primitives.node.ts'
import { nobleChaCha20Poly1305 } from '../../packages/protocol/src/session/noble-primitives.ts'
import { PRIMITIVE_VECTORS } from './primitive-vectors.ts'
import { type Implementation, outcomesOf } from './vector-set.ts'
import { absentVectors, readVectors } from './vectors-command.ts'

const nodeWith = (form: KeyForm): Implementation => ({
  primitives: createNodePrimitives(form),
  chacha20Poly1305: nodeChaCha20Poly1305(form),
})

const IMPLEMENTATIONS: Readonly<Record<string, Implementation>> = {
  noble: { primitives: noblePrimitives, chacha20Poly1305: nobleChaCha20Poly1305 },
  'node:crypto, keys as bytes': nodeWith(asBytes),
  'node:crypto, keys as KeyObject': nodeWith(asKeyObject),
}

describe.skipIf(absentVectors !== '')(`public vectors of the primitives${absentVectors}`, () => {
  describe.each(Object.keys(IMPLEMENTATIONS))('on %s', (name) => {
    test.each(PRIMITIVE_VECTORS)('SES-1 $algorithm', async (set) => {
      const on = IMPLEMENTATIONS[name]
      expect(on).toBeDefined()
      if (on !== undefined) {
        expect(await outcomesOf(set, { on, read: readVectors })).toEqual(set.expected)
      }
    })
  })

  test('SES-1 no set is empty', () => {
    const sizes = PRIMITIVE_VECTORS.map(({ expected }) =>
      Object.values(expected).reduce((sum, count) => sum + count, 0),
    )
    expect(sizes).toEqual([518, 174, 86, 315, 325, 316, 100, 265, 193, 10])
  })
})
