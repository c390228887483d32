import { equalSecrets } from '../codec/bytes.ts'

/**
 * `expand` with its results at hand: what an implementation makes of the bytes of a secret key before it can
 * use them is a third to a half of an X25519 agreement or of an ML-KEM decapsulation, and a session uses most
 * secret keys more than once.
 *
 * A result lives as long as the array it was made of, and is used only for the bytes that array held then:
 * nothing outlives its key, and an array that was wiped or filled anew is expanded anew.
 */
export function expandedOnce<Expanded>(
  expand: (secretKey: Uint8Array) => Expanded,
): (secretKey: Uint8Array) => Expanded {
  const known = new WeakMap<Uint8Array, { readonly of: Uint8Array; readonly expanded: Expanded }>()
  return (secretKey) => {
    const before = known.get(secretKey)
    if (before !== undefined && equalSecrets(before.of, secretKey)) return before.expanded
    const expanded = expand(secretKey)
    known.set(secretKey, { of: secretKey.slice(), expanded })
    // A failure may be a passing one, as of WebCrypto: it is not remembered.
    if (expanded instanceof Promise) expanded.catch(() => known.delete(secretKey))
    return expanded
  }
}
