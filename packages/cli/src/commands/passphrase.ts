import { CommandError } from '../errors.ts'
import type { CommandContext } from './context.ts'
import { fileOrStdin } from './file.ts'

type Place = Pick<CommandContext, 'io' | 'signal'>

/** Where a passphrase is to come from, and how it is asked for. */
interface Asked {
  /** A file, `-` for stdin, or undefined: the terminal. */
  readonly file: string | undefined
  readonly question: string
  /** Twice, since a new one that was mistyped opens nothing. */
  readonly twice?: boolean
}

/** The passphrase. @throws ERR_PASSPHRASE_NEEDED when there is neither a file nor a terminal */
export async function readPassphrase(
  { file, question, twice = false }: Asked,
  place: Place,
): Promise<string> {
  if (file !== undefined) return (await fileOrStdin(file, place)).replace(/\r?\n$/, '')
  if (!canAsk(place)) {
    throw CommandError.of(
      'ERR_PASSPHRASE_NEEDED',
      'A passphrase is needed, and there is no terminal to ask on.',
    )
  }
  const given = await ask(question, place)
  if (twice && (await ask('The same again: ', place)) !== given) {
    const again = 'Run the same command again.'
    throw CommandError.of('ERR_USAGE', 'The two are not the same. Nothing was changed.', again)
  }
  return given
}

/** A question needs a keyboard to answer it and a screen to read it. */
export function canAsk({ io }: Pick<Place, 'io'>): boolean {
  return io.stdin.isTTY && io.stderr.isTTY
}

async function ask(question: string, { io, signal }: Place): Promise<string> {
  const given = await io.askSecret(question, { signal })
  if (given !== undefined) return given
  throw CommandError.of('ERR_USAGE', 'No passphrase was given. Nothing was changed.')
}
