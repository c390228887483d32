import type { FrameStream } from '@kithmesh/net'
import {
  declineLink,
  KithError,
  type LinkMet,
  type RefusalCode,
  type Refused,
  refusalIn,
} from '@kithmesh/protocol'
import type { AskPerson, LinkAnswer, YesOnTerms } from '../api/linking.ts'
import type { DeviceContext } from '../context.ts'
import { toError } from '../faults.ts'
import { type FrameReader, frameReader } from '../frames.ts'
import { refusalError } from './refusals.ts'

/** How long a person is asked: as long as people take, not as networks do. */
const CONFIRM_MS = 120_000
/** The other side has its own person to ask, and then a step to take. */
const ANSWER_MS: number = CONFIRM_MS + 20_000

/** A stream on which two devices link, the same for both sides. */
export interface LinkConversation {
  readonly stream: FrameStream
  read(): Promise<Uint8Array>
  /** The frame that comes next, while persons are asked on both sides. */
  readWhileAsked(): Promise<Uint8Array>
  send(frame: Uint8Array): Promise<void>
  /** Tells the other side, and becomes the error this side fails with. */
  refuse(outcome: Refused): Promise<KithError>
}

/** Speaks over a stream; whatever breaks it is one error. */
export function linkConversation(
  stream: FrameStream,
  { scheduler }: Pick<DeviceContext, 'scheduler'>,
): LinkConversation {
  const reader: FrameReader = frameReader(stream, scheduler)
  return {
    stream,
    read: () => reader.read().catch(brokenOff),
    readWhileAsked: () => {
      const next = reader.read(ANSWER_MS).catch(brokenOff)
      // Whoever is asked may end it before anybody waits for the frame.
      next.catch(() => undefined)
      return next
    },
    send: (frame) => stream.send(frame).catch(brokenOff),
    refuse: async (outcome) => {
      if (outcome.send) await stream.send(outcome.send).catch(() => undefined)
      await stream.close().catch(() => undefined)
      return refusalError(outcome.code)
    },
  }
}

function brokenOff(error: unknown): never {
  if (error instanceof KithError) throw error
  throw new KithError('ERR_STREAM_ENDED', 'the other device went away', {
    cause: error,
    hint: 'Check that it is still on, then try again with the code that is shown now.',
  })
}

/** What a person is asked, and what goes on meanwhile. */
export interface Asking<T, A extends LinkAnswer | YesOnTerms> {
  readonly met: LinkMet
  readonly confirm: AskPerson<T, A> | undefined
  readonly seen: T
  /** The frame that comes next: a refusal in it ends the question. */
  readonly next: Promise<Uint8Array>
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks the person at this device, while the one at the other is asked too. Resolves when the answer is yes;
 * whatever else comes first ends the attempt, on both sides with the same code.
 *
 * @throws the code of the refusal, ERR_STREAM_ENDED, or the signal's reason
 */
export async function askPerson<T, A extends LinkAnswer | YesOnTerms>(
  conversation: LinkConversation,
  { met, confirm, seen, next, signal }: Asking<T, A>,
  { scheduler, rng }: Pick<DeviceContext, 'scheduler' | 'rng'>,
): Promise<A | undefined> {
  if (confirm === undefined) return undefined
  const over = new AbortController()
  const broken = Promise.withResolvers<never>()
  // The question itself may be what gives up, before anything waits for this.
  broken.promise.catch(() => undefined)
  const onAbort = (): void => broken.reject(toError(signal?.reason))
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  const cancel = scheduler.schedule(CONFIRM_MS, () => broken.reject(new TooLate()))
  next.then((frame) => {
    const refused = refusalIn(met, frame, { rng })
    if (refused) broken.reject(new RefusedMeanwhile(refused))
  }, broken.reject)
  try {
    const answer = await Promise.race([broken.promise, confirm(seen, { signal: over.signal })])
    const code = codeOfAnswer(answer)
    if (code) throw await conversation.refuse(declineLink(met, code, { rng }))
    return answer
  } catch (error) {
    if (error instanceof RefusedMeanwhile) throw await conversation.refuse(error.refused)
    if (error instanceof TooLate) {
      throw await conversation.refuse(declineLink(met, 'ERR_LINK_TIMEOUT', { rng }))
    }
    throw error
  } finally {
    cancel()
    signal?.removeEventListener('abort', onAbort)
    over.abort()
  }
}

class TooLate extends Error {}

class RefusedMeanwhile extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(refused.code)
    this.refused = refused
  }
}

function codeOfAnswer(answer: LinkAnswer | YesOnTerms): RefusalCode | undefined {
  if (answer === 'differ') return 'ERR_LINK_DIGITS'
  return answer ? undefined : 'ERR_LINK_DECLINED'
}

/** An error for whoever waits, whatever was thrown. */
export function asKithError(error: unknown): KithError {
  return error instanceof KithError
    ? error
    : new KithError('ERR_STREAM_ENDED', 'the other device went away', { cause: error })
}
