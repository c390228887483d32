import { noblePrimitives } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { commands } from 'vitest/browser'
import { subtleChaCha20Poly1305 } from '../../packages/node/src/aead.browser.ts'
import { isModern } from '../../packages/node/src/modern-subtle.browser.ts'
import { createBrowserPrimitives } from '../../packages/node/src/primitives.browser.ts'
import { nobleChaCha20Poly1305 } from '../../packages/protocol/src/session/noble-primitives.ts'
import { PRIMITIVE_VECTORS } from './primitive-vectors.ts'
import { type Implementation, outcomesOf } from './vector-set.ts'

const { subtle } = crypto

const noble: Implementation = {
  primitives: noblePrimitives,
  chacha20Poly1305: nobleChaCha20Poly1305,
}
/** Most vectors are so small that a page would ask noble. */
const webCrypto: Implementation = {
  primitives: await createBrowserPrimitives(crypto, { hash: 0, seal: 0 }),
  chacha20Poly1305: isModern(subtle) ? subtleChaCha20Poly1305(subtle) : nobleChaCha20Poly1305,
}
const asInAPage: Implementation = { ...noble, primitives: await createBrowserPrimitives() }

const IMPLEMENTATIONS: readonly (readonly [string, Implementation])[] = [
  ['noble', noble],
  ['WebCrypto at every size', webCrypto],
  ['what a page uses', asInAPage],
]

describe.each(IMPLEMENTATIONS)('public vectors of the primitives in Chromium, on %s', (_, on) => {
  test.for(PRIMITIVE_VECTORS)('SES-1 $algorithm', async (set, context) => {
    const outcomes = await outcomesOf(set, { on, read: (name) => commands.vectors(name) })
    if (outcomes === undefined) context.skip('no ../shared/vectors beside the repository')
    expect(outcomes).toEqual(set.expected)
  })
})
