import { CommandError } from '../errors.ts'
import type { RecoveryEvent } from '../events/safety.ts'
import { type CommandContext, collect } from './context.ts'
import { fileOrStdin } from './file.ts'

/** Said by `up` and `status` until the words are confirmed (REC-6). */
export const WORDS_REMINDER =
  'Your recovery words are not written down yet. See them with: kith recovery show'

const STATES: Readonly<Record<RecoveryEvent['state'], readonly string[]>> = {
  kept: [
    'The recovery words are on this device, and not confirmed yet.',
    '  Next  kith recovery show · kith recovery confirm',
  ],
  confirmed: ['The recovery words were written down; they are erased here.'],
  absent: ['The recovery words are not here: this is not the device that made the account.'],
}

/** Whether the words are still here. */
export async function showRecovery(context: CommandContext): Promise<void> {
  const [recovery] = await collect(context, { call: 'recovery', input: {}, event: 'recovery' })
  if (recovery !== undefined) context.report.print(...STATES[recovery.state])
}

/** The 12 words in three columns, and what they are for. */
export async function showWords(context: CommandContext): Promise<void> {
  const asked = { call: 'recovery show', input: {}, event: 'recovery-words' } as const
  const [shown] = await collect(context, asked)
  if (shown === undefined) return
  const { report } = context
  report.talk('Write these 12 words down on paper, in this order:', '')
  report.print(...wordLines(shown.words))
  report.talk(
    '',
    'With them, and one device that is left, yours or of a contact, you begin again',
    'when every device of yours is lost. Whoever has them can take the account over.',
    'They are shown only until you confirm them: kith recovery confirm',
  )
}

const COLUMNS = 3
/** The longest word of the list has 8 letters. */
const CELL = 16

function wordLines(words: readonly string[]): readonly string[] {
  const rows = Math.ceil(words.length / COLUMNS)
  return Array.from({ length: rows }, (_, row) =>
    words
      .map((word, at) => `${String(at + 1).padStart(2)}. ${word}`.padEnd(CELL))
      .filter((_, at) => at % rows === row)
      .join('')
      .trimEnd(),
  ).map((line) => `  ${line}`)
}

/** Asks for three words, on the terminal or from a file; then the device erases all of them (CLI-45). */
export async function confirmWords(
  context: CommandContext,
  { answers }: { readonly answers: string | undefined },
): Promise<void> {
  const { io, report } = context
  if (answers === undefined && !(io.stdin.isTTY && io.stderr.isTTY)) {
    throw CommandError.of(
      'ERR_CONFIRMATION_NEEDED',
      'Three words must be typed, and there is no terminal to ask on.',
      'Run it in a terminal, or add --answers FILE with lines "place word".',
    )
  }
  const given = answers === undefined ? undefined : answersIn(await fileOrStdin(answers, context))
  const asked = { call: 'recovery challenge', input: {}, event: 'recovery-challenge' } as const
  const [challenge] = await collect(context, asked)
  const typed: { readonly place: number; readonly word: string }[] = []
  for (const place of challenge?.places ?? []) {
    typed.push({ place, word: given ? wordAt(given, place) : await askWord(context, place) })
  }
  const confirm = {
    call: 'recovery confirm',
    input: { answers: typed },
    event: 'recovery',
  } as const
  await collect(context, confirm)
  report.print('Confirmed. The words are erased here; keep the paper.')
}

/** Says whether contacts keep copies, and changes it. */
export async function chooseCopies(
  context: CommandContext,
  on: boolean | undefined,
): Promise<void> {
  const asked = { call: 'recovery copies', input: { on }, event: 'recovery-copies' } as const
  const [copies] = await collect(context, asked)
  if (copies === undefined) return
  context.report.print(
    copies.on
      ? 'Your contacts keep sealed copies of your account data; only your words open them.'
      : 'Your contacts keep no copies: what no device of yours has is lost with it.',
  )
}

async function askWord({ io, signal }: CommandContext, place: number): Promise<string> {
  return (await io.ask(`Word ${place}: `, { signal })) ?? ''
}

/** All twelve will do: which three are asked for is not known before. */
function answersIn(text: string): ReadonlyMap<number, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return new Map(
    lines.map((line) => {
      const [, place, word] = /^\s*(\d{1,2})[.:)]?\s+(\S{1,64})\s*$/.exec(line) ?? []
      if (place !== undefined && word !== undefined) return [Number(place), word]
      throw CommandError.of('ERR_USAGE', 'Each line of the answers is a place and a word: 7 apple')
    }),
  )
}

function wordAt(given: ReadonlyMap<number, string>, place: number): string {
  const word = given.get(place)
  if (word !== undefined) return word
  throw CommandError.of('ERR_USAGE', `The answers have no word for place ${place}.`)
}
