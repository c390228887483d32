import { createSeededRng } from './environment.ts'

/** Choices that one seed makes the same again. */
export interface Random {
  /** A whole number from 0 to `end` - 1. */
  below(end: number): number
  isTrue(): boolean
  of<T>(items: readonly T[]): T
  bytes(length: number): Uint8Array
}

/** The choices of a seed. */
export function randomOf(seed: number): Random {
  const rng = createSeededRng(Math.imul(seed, 2_654_435_761))
  const below = (end: number): number => {
    const [a = 0, b = 0, c = 0, d = 0] = rng.bytes(4)
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % end
  }
  return {
    below,
    isTrue: () => below(2) === 1,
    bytes: (length) => rng.bytes(length),
    of: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new Error('nothing to choose from')
      return item
    },
  }
}
