/** The verdicts on public Ed25519 vectors, the same on every platform: V accepted, X refused. */

import { isEnrollableKey, verifySignature } from '@kithmesh/protocol'

/** Text of a file of vectors, by its name. */
type ReadVectors = (name: string) => Promise<string | undefined>

/** Verdicts by what was asked of which vectors. */
export interface Verdicts {
  readonly 'wycheproof signatures': string
  readonly 'wycheproof keys': string
  readonly 'speccheck signatures': string
  readonly 'speccheck keys': string
}

/**
 * Wycheproof as listed, but for tcId 151, the last: its R is not canonical, which ZIP-215 accepts. Speccheck
 * is row "Zebra" (ZIP-215) of the table of novifinancial/ed25519-speccheck; of its keys only 6 and 7 are
 * sound, and the signatures under those are refused.
 */
export const EXPECTED: Verdicts = {
  'wycheproof signatures': [
    'VVVVVVVVVXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX',
    'XXXXXXXXXXVVVVVVVVVVVVVVXVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV',
    'VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV',
  ].join(''),
  'wycheproof keys': 'V'.repeat(78),
  'speccheck signatures': 'VVVVVVXXXVVV',
  'speccheck keys': 'XXXXXXVVXXXX',
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly { readonly msg: string; readonly sig: string }[]
  }[]
}

interface Speccheck {
  readonly message: string
  readonly pub_key: string
  readonly signature: string
}

/** What this platform says; undefined where the vectors are not. */
export async function verdictsHere(read: ReadVectors): Promise<Verdicts | undefined> {
  const texts = [
    await read('wycheproof/ed25519_test.json'),
    await read('ed25519-speccheck/cases.json'),
  ]
  const [wycheproof, speccheck] = texts
  if (wycheproof === undefined || speccheck === undefined) return undefined
  const { testGroups }: Wycheproof = JSON.parse(wycheproof)
  const cases: readonly Speccheck[] = JSON.parse(speccheck)
  return {
    'wycheproof signatures': verdicts(
      testGroups.flatMap(({ publicKey: { pk }, tests }) =>
        tests.map(({ msg, sig }) => verifySignature(hex(pk), hex(msg), hex(sig))),
      ),
    ),
    'wycheproof keys': verdicts(
      testGroups.map(({ publicKey: { pk } }) => isEnrollableKey(hex(pk))),
    ),
    'speccheck signatures': verdicts(
      cases.map(({ pub_key, message, signature }) =>
        verifySignature(hex(pub_key), hex(message), hex(signature)),
      ),
    ),
    'speccheck keys': verdicts(cases.map(({ pub_key }) => isEnrollableKey(hex(pub_key)))),
  }
}

const verdicts = (accepted: readonly boolean[]): string =>
  accepted.map((holds) => (holds ? 'V' : 'X')).join('')

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
