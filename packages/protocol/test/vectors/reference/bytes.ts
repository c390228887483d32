/** Bytes as docs/spec writes them down, once more and without the code under test: CBOR, ids, domain strings. */

import { base32nopad, base58 } from '@scure/base'

const text = new TextEncoder()

/** Parts one after the other; texts as UTF-8. */
export function joined(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const all = parts.map((part) => (typeof part === 'string' ? text.encode(part) : part))
  return Uint8Array.from(all.flatMap((part) => [...part]))
}

/** ID-2. */
export function domain(purpose: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return joined(`kith/v1/${purpose}\0`, ...parts)
}

/** What stands in the records of this protocol; lists and records are both arrays. */
export type Item = null | boolean | number | string | Uint8Array | readonly Item[]

/** Deterministic CBOR (RFC 8949 §4.2.1). */
export function cbor(item: Item): Uint8Array {
  if (item === null) return Uint8Array.of(0xf6)
  if (typeof item === 'boolean') return Uint8Array.of(item ? 0xf5 : 0xf4)
  if (typeof item === 'number') return head(0, item)
  if (item instanceof Uint8Array) return joined(head(2, item.length), item)
  if (typeof item === 'string') {
    const bytes = text.encode(item)
    return joined(head(3, bytes.length), bytes)
  }
  return joined(head(4, item.length), ...item.map(cbor))
}

/** Major type and number, in as few bytes as it takes. */
function head(major: number, value: number): Uint8Array {
  const type = major << 5
  if (value < 24) return Uint8Array.of(type | value)
  const at = [2 ** 8, 2 ** 16, 2 ** 32, 2 ** 64].findIndex((limit) => value < limit)
  const bytes = Uint8Array.from({ length: 2 ** at }, (_, index) =>
    Number((BigInt(value) >> BigInt(8 * (2 ** at - 1 - index))) & 0xffn),
  )
  return joined(Uint8Array.of(type | (24 + at)), bytes)
}

/** ID-1: a letter and base32, or for a device the base58 of its key in a libp2p peer id. */
export function idText(kind: string, bytes: Uint8Array): string {
  if (kind === 'device') return base58.encode(joined(PEER_ID, bytes))
  return (kind.at(0) ?? '') + base32nopad.encode(bytes).toLowerCase()
}

/** The bytes of an id; the kind is told by its text. */
export function idBytes(id: string): Uint8Array {
  if (id.startsWith('12D3KooW')) return base58.decode(id).slice(PEER_ID.length)
  return base32nopad.decode(id.slice(1).toUpperCase())
}

const PEER_ID = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
