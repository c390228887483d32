import { equalBytes } from './bytes.ts'

/** Results kept by one function. A device meets few others, and each envelope and state names them again. */
const MAX_REMEMBERED = 1024

/** `convert`, which must depend on its argument alone, with its last results at hand. For public values only. */
export function remembered<T extends {}>(convert: (key: string) => T): (key: string) => T {
  const results = new Map<string, T>()
  return (key) => {
    const known = results.get(key)
    if (known !== undefined) return known
    const result = convert(key)
    if (results.size >= MAX_REMEMBERED) results.clear()
    results.set(key, result)
    return result
  }
}

/**
 * The same for bytes that are hashes or keys. Two of their bytes are as good as a hash of all, and give
 * each its place, where it stays until another comes. Making a text of them to look up would cost more
 * than this saves.
 */
export function rememberedByBytes<T>(convert: (key: Uint8Array) => T): (key: Uint8Array) => T {
  const places = new Map<number, { readonly key: Uint8Array; readonly result: T }>()
  return (key) => {
    const place = ((key[0] ?? 0) * 256 + (key[1] ?? 0)) % MAX_REMEMBERED
    const known = places.get(place)
    if (known !== undefined && equalBytes(known.key, key)) return known.result
    const result = convert(key)
    // A copy: whoever gave the key may change it.
    places.set(place, { key: Uint8Array.from(key), result })
    return result
  }
}
