/** The tests of all decoders of one package; a file for each package, so that they run beside each other. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Finding, feed, fuzzCodec, INPUTS, SEED, timed } from './fuzz.ts'
import { findCodecs } from './recorded-codecs.ts'
import type { Samples } from './samples/parts.ts'

/** Inputs that once went wrong. */
const CRASHES: readonly Finding[] = JSON.parse(
  readFileSync(new URL('crashes.json', import.meta.url), 'utf8'),
)

/** Declares the tests: each codec has samples, and takes whatever comes. */
export async function testDecoders(
  name: 'protocol' | 'sync' | 'node',
  samples: Samples,
): Promise<void> {
  const found = await findCodecs(name)

  describe(`decoders of ${name}`, () => {
    test('C1 every codec has samples, and every sample a codec', () => {
      expect(Object.keys(samples).toSorted()).toEqual(found.map((one) => one.name).toSorted())
    })

    test.each(found)(
      `C1 C3 D6 ${INPUTS} mutated inputs, KITH_FUZZ_SEED=${SEED}: $name`,
      {
        timeout: 30_000 + INPUTS * 4,
      },
      (one) => {
        const { findings, read, refused } = fuzzCodec(one, samples[one.name] ?? [])
        expect(findings).toEqual([])
        // Neither so wild that nothing gets past the first byte, nor so tame that nothing is refused.
        expect(refused).toBeGreaterThan(INPUTS / 10)
        expect(read).toBeGreaterThan(0)
      },
    )

    test('C1 what once went wrong does not again', () => {
      for (const { decoder, input, was } of CRASHES) {
        const one = found.find((candidate) => candidate.name === decoder)
        if (one === undefined) continue
        const outcome = timed(() => feed(one, Uint8Array.from(Buffer.from(input, 'base64'))))
        expect([decoder, was, outcome]).toEqual([
          decoder,
          was,
          expect.stringMatching(/^(read|refused)$/),
        ])
      }
    })
  })
}
