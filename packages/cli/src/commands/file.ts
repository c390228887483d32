import { open } from 'node:fs/promises'
import { untilAborted } from '../aborted.ts'
import { CommandError } from '../errors.ts'
import { oneLine } from '../terminal-text.ts'
import type { CommandContext } from './context.ts'

/** Far above 12 words and their places. */
const MAX_BYTES = 4096

/** A small text that must not stand on a command line; `-` means stdin. @throws ERR_USAGE */
export async function fileOrStdin(
  path: string,
  { io, signal }: Pick<CommandContext, 'io' | 'signal'>,
): Promise<string> {
  const bytes =
    path === '-'
      ? await untilAborted(io.stdin.read({ maxBytes: MAX_BYTES }), signal)
      : await beginningOf(path)
  if (bytes.length > MAX_BYTES) throw CommandError.of('ERR_USAGE', 'That is too long for words.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw CommandError.of('ERR_USAGE', 'What was given is no UTF-8.')
  }
}

async function beginningOf(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path)
    const { bytesRead, buffer } = await file.read(new Uint8Array(MAX_BYTES + 1))
    return buffer.subarray(0, bytesRead)
  } catch {
    const name = oneLine(path)
    throw CommandError.of('ERR_USAGE', `The file cannot be read: ${name}`, 'Name another file.')
  }
}
