/**
 * A keyed hash that is quick and nothing else: 32 bytes in which every bit of the input has a part. Nobody in
 * a simulated world attacks it; what it has to do is to tell two inputs apart (SIM-6).
 */

/** The hash of parts, each set apart from its neighbours by its length. */
export function cheapHash(...parts: readonly Uint8Array[]): Uint8Array {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667]
  for (const part of parts) {
    a = Math.imul(a ^ part.length, 0x85ebca6b)
    const words = part.length >> 2
    for (let word = 0, at = 0; word < words; word++, at += 4) {
      const bits =
        (part[at] ?? 0) |
        ((part[at + 1] ?? 0) << 8) |
        ((part[at + 2] ?? 0) << 16) |
        ((part[at + 3] ?? 0) << 24)
      a = Math.imul(a ^ bits, 0xcc9e2d51)
      b = (Math.imul(b ^ (a >>> 15), 0x1b873593) + c) | 0
      c = (c << 13) | (c >>> 19)
      c ^= a
      d = (Math.imul(d ^ b, 0xc2b2ae35) + bits) | 0
    }
    for (let at = words << 2; at < part.length; at++) {
      a = Math.imul(a ^ (part[at] ?? 0), 0xcc9e2d51)
      d = (Math.imul(d ^ (a >>> 13), 0xc2b2ae35) + b) | 0
      b ^= d >>> 7
    }
    c = (c ^ d) | 0
  }
  return expanded(a, b, c, d)
}

function expanded(a: number, b: number, c: number, d: number): Uint8Array {
  const out = new Uint8Array(32)
  let state = a ^ Math.imul(b, 3) ^ Math.imul(c, 5) ^ Math.imul(d, 7)
  const lanes = [a, b, c, d]
  for (let at = 0; at < 32; at += 4) {
    state = (state + (lanes[(at >> 2) & 3] ?? 0) + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    mixed ^= mixed >>> 16
    out[at] = mixed
    out[at + 1] = mixed >>> 8
    out[at + 2] = mixed >>> 16
    out[at + 3] = mixed >>> 24
  }
  return out
}

/** `length` bytes that follow from a hash. */
export function stretched(seed: Uint8Array, length: number): Uint8Array {
  if (length <= 32) return seed.slice(0, length)
  const out = new Uint8Array(length)
  for (let at = 0, block = seed; at < length; at += 32) {
    out.set(block.subarray(0, Math.min(32, length - at)), at)
    block = cheapHash(seed, Uint8Array.of(at, at >> 8))
  }
  return out
}
