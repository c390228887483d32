import { CommandError } from '../errors.ts'

const NEWLINE = 0x0a

/**
 * The lines of a byte stream: strict UTF-8, each at most `maxBytes`, each ended by a newline. Holds no
 * more than one line and one chunk.
 *
 * @throws ERR_LOCAL_TOO_LARGE as soon as a line is longer, ERR_LOCAL_MALFORMED for bytes that are no
 * UTF-8 and for an end inside a line
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = []
  let held = 0
  for await (const chunk of source) {
    let rest = chunk
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      if (held + end > maxBytes) throw tooLong(maxBytes)
      yield decode([...parts, rest.subarray(0, end)])
      parts = []
      held = 0
      rest = rest.subarray(end + 1)
    }
    held += rest.length
    if (held > maxBytes) throw tooLong(maxBytes)
    if (rest.length > 0) parts.push(rest)
  }
  if (held > 0) throw CommandError.of('ERR_LOCAL_MALFORMED', 'The connection ended inside a line.')
}

/** A line as a JSON value. @throws ERR_LOCAL_MALFORMED */
export function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw CommandError.of('ERR_LOCAL_MALFORMED', 'A line is no JSON.')
  }
}

function decode(parts: readonly Uint8Array[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(joined(parts))
  } catch {
    throw CommandError.of('ERR_LOCAL_MALFORMED', 'A line is no UTF-8.')
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function tooLong(maxBytes: number): CommandError {
  return CommandError.of('ERR_LOCAL_TOO_LARGE', `A line is longer than ${maxBytes} bytes.`)
}
