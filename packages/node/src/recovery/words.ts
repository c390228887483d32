import { KithError, recoveryWords } from '@kithmesh/protocol'
import { eraseEntropyOps, readEntropy } from '../account/account.ts'
import type { CallOptions } from '../api/options.ts'
import type { RecoveryState, WordAnswer } from '../api/recovery.ts'
import type { DeviceContext } from '../context.ts'
import { createSerial } from '../serial.ts'
import type { Op } from '../store/store-types.ts'

/** The recovery words of the account, on the device that made it. */
export interface RecoveryWords {
  state(options?: CallOptions): Promise<RecoveryState>
  /** @throws ERR_WORDS_GONE */
  show(options?: CallOptions): Promise<readonly string[]>
  /** Three places, from 1, that stay until they are answered. @throws ERR_WORDS_GONE, ERR_WORDS_TRIES */
  challenge(options?: CallOptions): Promise<readonly number[]>
  /** Right answers erase the words here. @throws ERR_WORDS_WRONG, ERR_WORDS_TRIES, ERR_WORDS_GONE */
  confirm(answers: readonly WordAnswer[], options?: CallOptions): Promise<void>
}

/** Places asked for (REC-3): the chance to guess them is one in 2,048³. */
const ASKED_PLACES = 3
const WORDS = 12
/** Wrong answers before the words must be looked at again (REC-4). */
const MAX_WRONG = 5

const STATE = 'recovery words'
/** Overwritten, but old files of the store may still hold the sealed value. */
const ERASED = Uint8Array.of(1)
/** Overwritten, and the store was rewritten since. */
const CLEANED = Uint8Array.of(2)

/** Opens the words; finishes erasing them where a crash came between (REC-5). */
export async function openRecoveryWords(context: DeviceContext): Promise<RecoveryWords> {
  const { store, tables, rng } = context
  const inTurn = createSerial<'words'>()
  let asked: readonly number[] | undefined
  let wrong = 0

  if ((await tables.device.get(STATE))?.[0] === ERASED[0]) await clean()

  async function state({ signal }: CallOptions = {}): Promise<RecoveryState> {
    signal?.throwIfAborted()
    if (await readEntropy(context)) return 'kept'
    return (await tables.device.get(STATE)) ? 'confirmed' : 'absent'
  }

  async function show({ signal }: CallOptions = {}): Promise<readonly string[]> {
    signal?.throwIfAborted()
    const words = await wordsKept()
    wrong = 0
    return words
  }

  async function challenge({ signal }: CallOptions = {}): Promise<readonly number[]> {
    signal?.throwIfAborted()
    await wordsKept()
    if (wrong >= MAX_WRONG) throw tooManyWrong()
    asked ??= drawPlaces(() => rng.bytes(1))
    return asked
  }

  async function answer(answers: readonly WordAnswer[]): Promise<void> {
    const words = await wordsKept()
    if (wrong >= MAX_WRONG) throw tooManyWrong()
    const places = asked ?? []
    // One chance for each three places: whoever guesses meets others every time.
    asked = undefined
    if (!isRight(answers, { places, words })) {
      wrong += 1
      throw new KithError('ERR_WORDS_WRONG', 'these are not the words at these places', {
        hint: 'Look at what you wrote down. You are asked for three other places now.',
      })
    }
    await store.commit([...(await eraseEntropyOps(context)), tables.device.put(STATE, ERASED)])
    await clean()
  }

  /** Takes what was overwritten out of the files of the store, too. */
  async function clean(): Promise<void> {
    await store.compact()
    await store.commit([tables.device.put(STATE, CLEANED)])
  }

  async function wordsKept(): Promise<readonly string[]> {
    const entropy = await readEntropy(context)
    if (entropy) return recoveryWords(entropy).split(' ')
    throw new KithError('ERR_WORDS_GONE', 'the recovery words are not on this device', {
      hint: 'They are kept on the device that made the account, until they are written down.',
    })
  }

  return {
    state,
    show,
    challenge,
    confirm: (answers, { signal } = {}) => {
      signal?.throwIfAborted()
      return inTurn('words', () => answer(answers))
    },
  }
}

/** For a device whose person has typed all the words already. */
export function wordsConfirmedOp({ tables }: Pick<DeviceContext, 'tables'>): Op {
  return tables.device.put(STATE, CLEANED)
}

/** Different places in ascending order; the last 4 of 256 values would prefer some of them. */
function drawPlaces(randomByte: () => Uint8Array): readonly number[] {
  const places = new Set<number>()
  while (places.size < ASKED_PLACES) {
    const byte = randomByte()[0] ?? 0
    if (byte < 256 - (256 % WORDS)) places.add((byte % WORDS) + 1)
  }
  return [...places].sort((a, b) => a - b)
}

function isRight(
  answers: readonly WordAnswer[],
  { places, words }: { readonly places: readonly number[]; readonly words: readonly string[] },
): boolean {
  if (places.length !== ASKED_PLACES || answers.length !== ASKED_PLACES) return false
  const typed = new Map(answers.map(({ place, word }) => [place, word]))
  return places.every((place) => {
    return typed.get(place)?.normalize('NFKD').trim().toLowerCase() === words[place - 1]
  })
}

function tooManyWrong(): KithError {
  return new KithError('ERR_WORDS_TRIES', 'too many wrong answers', {
    hint: 'Show the words again, compare them with what you wrote down, then confirm.',
  })
}
