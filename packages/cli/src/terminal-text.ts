/**
 * Text of other people on a terminal (CLI-7). A name or a message may hold characters that move the
 * cursor, change colours, set titles or turn the reading direction; none of them reaches the screen.
 */

import { stripVTControlCharacters } from 'node:util'

/** C0, DEL and C1: ECMA-48 controls, the 8-bit ones included. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is what this file is for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g
/** Embeddings, overrides, isolates and marks (Unicode UAX #9), line and paragraph separators. */
const DIRECTIONS = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
/** What JSON leaves as it is although a terminal acts on it. */
const UNESCAPED = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Text as one line without any control; line breaks and tabs become spaces. */
export function oneLine(text: string): string {
  return cleanLine(text.replace(/[\r\n\t]+/g, ' '))
}

/** The lines of a text, each without any control. */
export function cleanLines(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).map((line) => cleanLine(line.replaceAll('\t', '  ')))
}

/** A value as one line of JSON that is safe on a terminal and means the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNESCAPED, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function cleanLine(line: string): string {
  return stripVTControlCharacters(line).replace(CONTROLS, '').replace(DIRECTIONS, '')
}

/** East Asian wide and full-width ranges (Unicode UAX #11), and pictures: two cells each. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u

/** Made when first used: it takes milliseconds, and a device that starts has nothing to measure. */
let segmenter: Intl.Segmenter | undefined

function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** Terminal cells of a text without controls. */
export function cellWidth(text: string): number {
  let width = 0
  for (const { segment } of graphemesOf(text)) width += WIDE.test(segment) ? 2 : 1
  return width
}

/** Text filled with spaces, or cut with `…`, to exactly `width` cells. */
export function fitCells(text: string, width: number): string {
  const missing = width - cellWidth(text)
  return missing >= 0 ? text + ' '.repeat(missing) : fitCells(cutCells(text, width), width)
}

function cutCells(text: string, width: number): string {
  let cut = ''
  for (const { segment } of graphemesOf(text)) {
    if (cellWidth(cut) + cellWidth(segment) > width - 1) break
    cut += segment
  }
  return `${cut}…`
}

/** A command at the end of a sentence, to be copied whole. */
const COMMAND = /(?<=: )kith [^:]*$/

/** A text in lines of at most `columns` cells, broken between words; without columns, as in a pipe, one line. */
export function wrapWords(text: string, columns: number | undefined): readonly string[] {
  if (columns === undefined) return [text]
  const lines: string[] = []
  for (const word of wordsOf(text)) {
    const last = lines.at(-1)
    const longer = `${last} ${word}`
    if (last === undefined || cellWidth(longer) > columns) lines.push(word)
    else lines.splice(-1, 1, longer)
  }
  return lines
}

function wordsOf(text: string): readonly string[] {
  const [command] = COMMAND.exec(text) ?? []
  if (command === undefined) return text.split(' ')
  return [...text.slice(0, -command.length).trimEnd().split(' '), command]
}

/** Widest column but the last; more is cut. */
const COLUMN_MAX = 32

/** Rows as aligned lines, two spaces between columns, no spaces at the end. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns - 1 }, (_, at) => {
    return Math.min(COLUMN_MAX, Math.max(...rows.map((row) => cellWidth(row[at] ?? ''))))
  })
  return rows.map((row) => {
    return row
      .map((cell, at) => fitCells(cell, widths[at] ?? cellWidth(cell)))
      .join('  ')
      .trimEnd()
  })
}
