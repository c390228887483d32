import { isRelayError, reasonOf } from './errors.ts'

/** What a command says: data on stdout, talk on stderr. */
export interface Output {
  /** One JSON object on a line, when JSON is wanted. */
  event(event: { readonly event: string } & Readonly<Record<string, unknown>>): void
  /** Lines for a person on stdout, when JSON is not wanted. */
  text(text: string): void
  /** A line for a person on stderr, when JSON is not wanted. */
  talk(text: string): void
  /** Whatever ended the command, in the form that is wanted. */
  failure(failure: unknown): void
}

/** Output for scripts (NDJSON) or for people. */
export function createOutput({ json }: { readonly json: boolean }): Output {
  const event: Output['event'] = (line) => {
    if (json) process.stdout.write(`${JSON.stringify(line)}\n`)
  }
  return {
    event,
    text(text) {
      if (!json) process.stdout.write(`${text}\n`)
    },
    talk(text) {
      if (!json) process.stderr.write(`${text}\n`)
    },
    failure(failure) {
      const { code, message, hint } = describe(failure)
      event({ event: 'error', code, message, hint })
      if (!json) process.stderr.write(`kith-relay: ${message}\n${hint === '' ? '' : `${hint}\n`}`)
    },
  }
}

function describe(failure: unknown): { code: string; message: string; hint: string } {
  if (!isRelayError(failure)) return { code: 'ERR_INTERNAL', message: reasonOf(failure), hint: '' }
  return { code: failure.code, message: failure.message, hint: failure.hint ?? '' }
}
