import type { Net } from '@kithmesh/net'
import {
  entriesInFrames,
  equalBytes,
  KithError,
  type RelayAnswer,
  type RelayQuestion,
  relayAnswerCodec,
  relayQuestionCodec,
  type SignedEntry,
} from '@kithmesh/protocol'
import { RELAY } from '../protocols.ts'

/** What a device tells a relay of its own. */
export interface RelayTalk {
  readonly question: RelayQuestion
  /** Sent when the relay wants it: the device log of the account. */
  readonly entries: readonly SignedEntry[]
  /** What a relay says that serves this account; to any other nothing more is said. */
  readonly proof: Uint8Array
  readonly signal: AbortSignal
}

/** A relay answers at once, or hangs. */
const TIMEOUT_MS = 10_000

/**
 * Asks a relay one thing over `/kith/relay/1` (RLY-70). @throws ERR_PROTOCOL_UNSUPPORTED for any other
 * relay, ERR_UNREACHABLE, ERR_STREAM_RESET, ERR_MALFORMED
 */
export async function talkToRelay(
  net: Pick<Net, 'open'>,
  relay: string,
  { question, entries, proof, signal: given }: RelayTalk,
): Promise<RelayAnswer> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(TIMEOUT_MS)])
  const stream = await net.open(relay, RELAY, { signal })
  const onAbort = (): void => stream.abort(new Error('It took too long'))
  signal.addEventListener('abort', onAbort)
  try {
    await stream.send(relayQuestionCodec.encode(question), { signal })
    const answers = stream.incoming[Symbol.asyncIterator]()
    const first = await nextAnswer(answers)
    if (first.kind !== 'want') {
      await stream.close({ signal })
      return first
    }
    if (!equalBytes(first.proof, proof)) throw new KithError('ERR_STRANGER', 'not our relay')
    for (const part of entriesInFrames(entries)) {
      await stream.send(relayQuestionCodec.encode(part), { signal })
    }
    await stream.close({ signal })
    return await nextAnswer(answers)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function nextAnswer(answers: AsyncIterator<Uint8Array>): Promise<RelayAnswer> {
  const next = await answers.next()
  return relayAnswerCodec.decode(next.done === true ? new Uint8Array() : next.value)
}
