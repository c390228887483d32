/** What a run of Stryker comes to, in words: the score, and each mutant that no test noticed. */

import { relative } from 'node:path'

/** Of a hundred mutants of a room, so many must be noticed. */
export const MIN_SCORE = 85

/** What is read of the result of one mutant. */
export interface Mutant {
  readonly fileName: string
  /** Counted from 1. */
  readonly location: { readonly start: { readonly line: number; readonly column: number } }
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
}

/** The score of a run, and the text that says it. */
export interface Summary {
  /** Noticed mutants among those that could be tried, of a hundred. */
  readonly score: number
  readonly text: string
}

/** A mutant that runs for ever is noticed; one in a sentence is not tried (ignore-sentences.ts). */
export function summaryOf(mutants: readonly Mutant[]): Summary {
  const withStatus = (...names: readonly string[]): readonly Mutant[] =>
    mutants.filter(({ status }) => names.includes(status))
  const noticed = withStatus('Killed', 'Timeout')
  const unnoticed = withStatus('Survived', 'NoCoverage')
  const tried = noticed.length + unnoticed.length
  const score = tried === 0 ? 0 : (100 * noticed.length) / tried
  const figures = [
    `${score.toFixed(1)} % of ${tried} mutants noticed (at least ${MIN_SCORE})`,
    `${withStatus('Timeout').length} of them by a timeout`,
    `${withStatus('NoCoverage').length} of the others met by no test`,
    `${withStatus('Ignored').length} not tried`,
  ]
  return { score, text: [...unnoticedByFile(unnoticed), '', figures.join(', ')].join('\n') }
}

function unnoticedByFile(mutants: readonly Mutant[]): readonly string[] {
  const byFile = Map.groupBy(mutants, ({ fileName }) => relative('.', fileName))
  return [...byFile].flatMap(([file, its]) => ['', file, ...its.map(lineOf)])
}

function lineOf({ location, mutatorName, replacement = '', status }: Mutant): string {
  const { line, column } = location.start
  const now = replacement.replaceAll(/\s+/g, ' ').slice(0, MAX_SHOWN)
  const hint = status === 'NoCoverage' ? ' (met by no test)' : ''
  return `  ${line}:${column} ${mutatorName}: ${now}${hint}`
}

/** Characters of a replacement; a block that was emptied is `{}` anyway. */
const MAX_SHOWN = 80
