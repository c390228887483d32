/** Longer words are never compared: the table of edits grows with the square. */
const COMPARED_MAX = 64

/** The word that `given` was most likely meant to be; undefined when none is near. */
export function closest(given: string, words: readonly string[]): string | undefined {
  const near = words
    .map((word) => ({ word, edits: editsBetween(given.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, edits }) => edits <= slipsIn(word))
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.word
}

/** How many edits are slips of the finger, and not another word: one in three letters, two at most. */
function slipsIn(word: string): number {
  return Math.min(2, Math.floor(word.length / 3))
}

/** Edits of one letter, and swaps of two, from `a` to `b` (optimal string alignment distance). */
function editsBetween(a: string, b: string): number {
  if (a.length > COMPARED_MAX || b.length > COMPARED_MAX) return Number.POSITIVE_INFINITY
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const replaced = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swaps = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = swaps ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(replaced, swapped, cell(i - 1, j) + 1, cell(i, j - 1) + 1))
    }
  }
  return cell(a.length, b.length)
}
