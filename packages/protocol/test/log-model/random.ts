/** Random choices that can be made again: the same for the same seed. */

/** A whole number from 0, below `below`. */
export type Random = (below: number) => number

export function randomOf(seed: number): Random {
  let state = Math.imul(seed, 2654435761) >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * below)
  }
}

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random(items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

export function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  const copy = [...items]
  for (let at = copy.length - 1; at > 0; at--) {
    const other = random(at + 1)
    const [a, b] = [copy[at], copy[other]]
    if (a !== undefined && b !== undefined) [copy[at], copy[other]] = [b, a]
  }
  return copy
}
