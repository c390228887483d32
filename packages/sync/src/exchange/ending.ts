/**
 * Why an exchange broke off. What was durable before stays; the next exchange goes on from there.
 */
export type ExchangeFailure =
  /** A frame that is not one. */
  | 'ERR_EXCHANGE_MALFORMED'
  /** More at once than was agreed on, or an answer to nothing. */
  | 'ERR_EXCHANGE_LIMIT'
  /** It owed us an answer and was silent. */
  | 'ERR_EXCHANGE_STALLED'
  /** It is not, or no longer, a device of this account (A5, A8). */
  | 'ERR_EXCHANGE_NOT_SIBLING'
  /** The stream broke. */
  | 'ERR_EXCHANGE_STREAM'

/** How an exchange ended. */
export type ExchangeEnd =
  /** The sibling ended its half. */
  | { readonly kind: 'closed' }
  /** We were told to stop. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly code: ExchangeFailure; readonly cause?: unknown }

/** The one end of an exchange, whichever part of it comes first. */
export interface Ending {
  /** Aborted as soon as the exchange ends. */
  readonly signal: AbortSignal
  end(outcome: ExchangeEnd): void
  fail(code: ExchangeFailure): void
  /** Frames until the stream or the exchange ends; a broken stream ends the exchange. */
  untilEnded(incoming: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** Waits for a send; a broken stream ends the exchange. */
  orBroken(sending: Promise<void>): Promise<void>
  /** Runs a part; what it throws ends the exchange and is thrown by `outcome`. */
  guard(part: () => Promise<void>): Promise<void>
  /** How it ended. */
  outcome(): ExchangeEnd
}

/** An exchange that has not ended, unless `outer` is aborted already. */
export function createEnding(outer: AbortSignal | undefined): Ending {
  const inner = new AbortController()
  let outcome: ExchangeEnd | undefined
  let thrown: { readonly error: unknown } | undefined
  const end = (how: ExchangeEnd): void => {
    outcome ??= how
    outer?.removeEventListener('abort', stop)
    inner.abort()
  }
  const stop = (): void => end({ kind: 'stopped' })
  const broken = (cause: unknown): void =>
    end({ kind: 'failed', code: 'ERR_EXCHANGE_STREAM', cause })
  outer?.addEventListener('abort', stop)
  if (outer?.aborted === true) stop()

  return {
    signal: inner.signal,
    end,
    fail: (code) => end({ kind: 'failed', code }),
    untilEnded: (incoming) => framesUntil(incoming, inner.signal, broken),
    orBroken: (sending) => sending.catch(broken),
    guard: async (part) => {
      try {
        await part()
      } catch (error) {
        // Our own reads and writes are aborted with the exchange; that is no error of theirs.
        if (outcome === undefined) thrown = { error }
        end({ kind: 'stopped' })
      }
    },
    outcome: () => {
      if (thrown !== undefined) throw thrown.error
      return outcome ?? { kind: 'stopped' }
    },
  }
}

async function* framesUntil(
  incoming: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  broken: (cause: unknown) => void,
): AsyncGenerator<Uint8Array> {
  const frames = incoming[Symbol.asyncIterator]()
  const aborted = new Promise<'aborted'>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'))
  })
  while (!signal.aborted) {
    const next = await Promise.race([aborted, frames.next().catch(broken)])
    if (next === undefined || next === 'aborted') break
    if (next.done === true) return
    yield next.value
  }
  // Not awaited: a stream whose next frame never comes may never answer this either.
  void frames.return?.().catch(() => undefined)
}
