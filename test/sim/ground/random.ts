/** Random choices that follow from a seed alone. */

/** One stream of choices. Streams of other names do not disturb each other. */
export interface Random {
  /** A whole number from 0, below `end`. */
  below(end: number): number
  /** Whether something of this probability (0 to 1) happens. */
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  bytes(length: number): Uint8Array
}

/** The choices of a seed and a name (xoshiro128**, seeded by FNV-1a and splitmix32). */
export function randomOf(...seed: readonly (string | number)[]): Random {
  const next = xoshiro(hashOf(seed.join('/')))
  const fraction = (): number => next() / 2 ** 32
  return {
    below: (end) => Math.floor(fraction() * end),
    chance: (probability) => fraction() < probability,
    pick: (items) => {
      const item = items[Math.floor(fraction() * items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    bytes: (length) => {
      const words = new Uint32Array(Math.ceil(length / 4))
      for (let at = 0; at < words.length; at++) words[at] = next()
      return new Uint8Array(words.buffer, 0, length).slice()
    },
  }
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return hash >>> 0
}

/** The next 32 bits, again and again (Blackman and Vigna, 2018). */
function xoshiro(seed: number): () => number {
  let split = seed
  const word = (): number => {
    split = (split + 0x9e3779b9) | 0
    let mixed = Math.imul(split ^ (split >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return mixed ^ (mixed >>> 15)
  }
  let [a, b, c, d] = [word(), word(), word(), word()]
  return () => {
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
}
