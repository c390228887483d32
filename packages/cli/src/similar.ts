/** At most this many single-character edits are a slip of the finger and not another word. */
const SLIPS_MAX = 2
/** Longer words are never compared: the table of edits grows with the square. */
const COMPARED_MAX = 64

/** The word that `given` was most likely meant to be; undefined when none is near. */
export function closest(given: string, words: readonly string[]): string | undefined {
  const near = words
    .map((word) => ({ word, edits: editsBetween(given.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, edits }) => edits <= SLIPS_MAX && edits < word.length)
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.word
}

/** Levenshtein distance, one row of the table at a time. */
function editsBetween(a: string, b: string): number {
  if (a.length > COMPARED_MAX || b.length > COMPARED_MAX) return Number.POSITIVE_INFINITY
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
