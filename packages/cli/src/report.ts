import { styleText } from 'node:util'
import type { Failure } from './errors.ts'
import type { AnswerEvent, OwnEvent } from './events.ts'
import { hintOf } from './exit-codes.ts'
import type { Io, TextSink } from './io.ts'
import { jsonLine, oneLine, wrapWords } from './terminal-text.ts'

/** The looks this program uses. */
type Look = 'bold' | 'dim' | 'red' | 'yellow'

/** Where a command says what it has to say: data on stdout, talk on stderr (CLI-1, CLI-6). */
export interface Report {
  readonly json: boolean
  /** One line of JSON on stdout; nothing without `--json`. */
  event(event: AnswerEvent | OwnEvent): void
  /** Data for people, on stdout; nothing with `--json`. */
  print(...lines: readonly string[]): void
  /** Talk for people, on stderr; nothing with `--json`. */
  talk(...lines: readonly string[]): void
  /** What a person at a terminal needs in any case, on stderr: questions, QR codes. */
  show(...lines: readonly string[]): void
  failure(failure: Failure): void
  /** The text in a look where stdout shows looks, else the text. */
  paint(look: Look, text: string): string
}

/** Says everything on the given streams. */
export function createReport(io: Io, { json }: { readonly json: boolean }): Report {
  const write = (sink: TextSink, lines: readonly string[]): void => {
    for (const line of lines) sink.write(`${line}\n`)
  }
  const paintOn = (sink: TextSink, look: Look, text: string): string => {
    return hasColour(sink, io.env) ? styleText(look, text, { validateStream: false }) : text
  }
  return {
    json,
    event: (event) => {
      if (json) write(io.stdout, [jsonLine(event)])
    },
    print: (...lines) => {
      if (!json) write(io.stdout, lines)
    },
    talk: (...lines) => {
      if (!json) write(io.stderr, lines)
    },
    show: (...lines) => write(io.stderr, lines),
    failure: ({ code, message, hint = hintOf(code) }) => {
      if (json) return write(io.stdout, [jsonLine({ event: 'error', code, message, hint })])
      const columns = io.stderr.columns && io.stderr.columns - PREFIX.length
      const [first = '', ...more] = wrapWords(`${sentence(message)} (${code})`, columns)
      const below = [...more, ...wrapWords(sentence(hint), columns)]
      const name = paintOn(io.stderr, 'red', PREFIX.trimEnd())
      const lines = [`${name} ${first}`, ...below.map((line) => INDENT + line)]
      const dim = (its: string): string => paintOn(io.stderr, 'dim', its)
      write(
        io.stderr,
        lines.map((line) => line.replace(`(${code})`, dim)),
      )
    },
    paint: (look, text) => paintOn(io.stdout, look, text),
  }
}

const PREFIX = 'kith: '
/** All of an error stands below its beginning. */
const INDENT = ' '.repeat(PREFIX.length)

/** A message as a sentence; a command at its end stays as it can be typed. */
function sentence(text: string): string {
  const line = oneLine(text)
  const ended = /[.!?…)]$|: \S[^:]*$/.test(line) ? line : `${line}.`
  return ended.charAt(0).toUpperCase() + ended.slice(1)
}

/** Colour only on a terminal, and never against NO_COLOR (no-color.org). */
function hasColour(sink: TextSink, env: Io['env']): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0'
  return sink.isTTY && env['TERM'] !== 'dumb'
}
