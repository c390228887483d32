import { isRelayError, reasonOf } from '../errors.ts'

/** What a command says: data on stdout, talk on stderr. */
export interface Output {
  readonly form: OutputForm
  /** One JSON object on a line, when JSON is wanted. */
  event(event: OutputEvent): void
  /** Lines for a person on stdout, when JSON is not wanted. */
  text(text: string): void
  /** A line for a person on stderr, when JSON is not wanted. */
  talk(text: string): void
  /** Whatever ended the command, in the form that is wanted. */
  failure(failure: unknown): void
}

/** For a person, for a script (NDJSON), or for a journal: NDJSON with a time, and no secret in it. */
export type OutputForm = 'text' | 'json' | 'log'

/** What a script or a journal is told. */
export type OutputEvent = { readonly event: string } & Readonly<Record<string, unknown>>

/** What a journal keeps for years must not open anything (RLY-72). */
const SECRETS: ReadonlySet<string> = new Set(['claim', 'code'])

/** Output in one form. `now` is only asked for a journal's times. */
export function createOutput(form: OutputForm, now: () => number = () => 0): Output {
  const write = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
  const event: Output['event'] = (line) => {
    if (form === 'json') write(line)
    if (form === 'log') write(logLine(line, now()))
  }
  return {
    form,
    event,
    text(text) {
      if (form === 'text') process.stdout.write(`${text}\n`)
    },
    talk(text) {
      if (form === 'text') process.stderr.write(`${text}\n`)
    },
    failure(failure) {
      const { code, message, hint } = describe(failure)
      event({ event: 'error', code, message, hint })
      if (form === 'text') {
        process.stderr.write(`kith-relay: ${message}\n${hint === '' ? '' : `${hint}\n`}`)
      }
    },
  }
}

const WARNINGS: ReadonlySet<string> = new Set(['notice', 'fault'])

function logLine({ event, ...fields }: OutputEvent, now: number): object {
  const level = event === 'error' ? 'error' : WARNINGS.has(event) ? 'warn' : 'info'
  const told = Object.entries(fields).filter(
    ([name]) => event === 'error' || event === 'notice' || !SECRETS.has(name),
  )
  return { time: new Date(now).toISOString(), level, event, ...Object.fromEntries(told) }
}

function describe(failure: unknown): { code: string; message: string; hint: string } {
  if (!isRelayError(failure)) return { code: 'ERR_INTERNAL', message: reasonOf(failure), hint: '' }
  return { code: failure.code, message: failure.message, hint: failure.hint ?? '' }
}
