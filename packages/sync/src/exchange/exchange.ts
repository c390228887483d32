/**
 * How two siblings come to hold the same (ALOG-11): both say what they hold, each asks in windows
 * for what it lacks, and the stream stays open for what is new. Nothing here knows of a network:
 * frames come in, frames go out.
 */

import type { Clock, DeviceId } from '@kithmesh/protocol'
import type { RecordEvent } from '../log/accepting.ts'
import type { AccountLog } from '../log/account-log.ts'
import type { Lane, LaneId, LaneSpan } from '../log/lane.ts'
import { NO_RANGES, type RangeSet } from '../range-set.ts'
import type { Scheduler } from '../scheduler.ts'
import { createAsking } from './asking.ts'
import { createBell } from './bell.ts'
import type { Claims } from './claims.ts'
import { createEnding, type ExchangeEnd } from './ending.ts'
import { type ExchangeFrame, frameCodec } from './frames.ts'
import { createInbound } from './inbound.ts'
import { createServing } from './serving.ts'
import type { SiblingView } from './sibling-view.ts'
import { createTelling } from './telling.ts'

/** The two directions of a stream of frames. */
export interface ExchangeStream {
  /** Frames in order; ends when the sibling ends its half; throws when the stream breaks. */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when there is room for another frame. */
  send(frame: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
}

/**
 * Records a sibling does not get before a time (ALOG-14): history, for a device that was linked
 * from afar.
 */
export interface Withheld {
  /** ms since 1970 UTC; infinity where it is `of` alone that tells. */
  readonly until: number
  /** Asked whenever records are told of or sent, so it may grow while an exchange runs. */
  readonly of: (lane: LaneId) => RangeSet
  /** Aborts when nothing is withheld any more although it is not time yet. */
  readonly lifted?: AbortSignal
  /** Calls whenever `of` may say less than before: what it leaves out is told of then. The result ends it. */
  readonly onReleased?: (listener: () => void) => () => void
}

/** What {@link runExchange} works with. */
export interface ExchangeParts {
  readonly log: AccountLog
  readonly sibling: DeviceId
  readonly stream: ExchangeStream
  readonly view: SiblingView
  readonly claims: Claims
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly scheduler: Scheduler
  readonly isSibling: (device: DeviceId) => boolean
  /** What the sibling is not told of or sent yet. */
  readonly withheld: Withheld | undefined
  readonly snapshot: () => LaneSpan | undefined
  readonly snapshotAsked: () => void
  /** Holds, while the exchange runs, what sends `ask-snapshot` to the sibling. */
  readonly snapshotAsks: Set<() => void>
  /** Called whenever the number of records we lack of the sibling's changed. */
  readonly missing: (count: number) => void
  /** Called with places of this device's own lane that the sibling says it has stored. */
  readonly holds: (lane: Lane, ranges: RangeSet) => void
}

/** Runs one exchange until either side ends it. Rejects only when our own log does. */
export async function runExchange(
  parts: ExchangeParts,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<ExchangeEnd> {
  const { log, stream } = parts
  const ending = createEnding(signal)
  const bell = createBell()
  const withheldOf = (lane: LaneId): RangeSet => {
    const { withheld, clock } = parts
    const isOver = !withheld || clock.now() >= withheld.until || withheld.lifted?.aborted
    return isOver ? NO_RANGES : withheld.of(lane)
  }
  const asking = createAsking(parts)
  const serving = createServing({ log, withheldOf, signal: ending.signal })
  const telling = createTelling({ log, withheldOf, snapshot: parts.snapshot, ring: bell.ring })
  const inbound = createInbound({ ...parts, asking, serving, telling, signal: ending.signal })
  const silence = watchSilence(parts, () => ending.fail('ERR_EXCHANGE_STALLED'))

  const listen = async (): Promise<void> => {
    for await (const bytes of ending.untilEnded(stream.incoming)) {
      if (!parts.isSibling(parts.sibling)) return ending.fail('ERR_EXCHANGE_NOT_SIBLING')
      silence.broken()
      const failure = await inbound.take(bytes)
      if (failure !== undefined) return ending.fail(failure)
      bell.ring()
    }
    ending.end({ kind: 'closed' })
  }
  const nextFrame = async (): Promise<ExchangeFrame | undefined> => {
    const frame = telling.next() ?? inbound.nextReply() ?? asking.nextWant()
    if (frame?.kind === 'want') silence.expectAnswer(() => asking.isWaiting)
    return frame ?? serving.nextFrame()
  }
  const speak = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const frame = await nextFrame()
      if (ending.signal.aborted) return
      if (frame === undefined) await bell.heard()
      else if (!parts.isSibling(parts.sibling)) ending.fail('ERR_EXCHANGE_NOT_SIBLING')
      else await ending.orBroken(stream.send(frameCodec.encode(frame), { signal: ending.signal }))
    }
  }
  const askAgain = (): void => {
    asking.retryWaiting()
    parts.missing(asking.missing())
    bell.ring()
  }
  parts.snapshotAsks.add(telling.askSnapshot)
  const stops = [
    parts.claims.onReleased(bell.ring),
    log.epochs.onAdded(askAgain),
    onAdmission(log, {
      askAgain,
      takenIn: (events) => {
        asking.retryBelow(events)
        // Also by another sibling: then this one has nothing left to send.
        parts.missing(asking.missing())
        bell.ring()
      },
    }),
    openInTime(parts, telling.tellAll),
    parts.withheld?.onReleased?.(telling.tellAll) ?? (() => {}),
    onAbort(ending.signal, bell.ring),
    () => parts.snapshotAsks.delete(telling.askSnapshot),
    silence.stop,
    telling.close,
    asking.close,
  ]
  await Promise.all([ending.guard(listen), ending.guard(speak)])
  for (const stop of stops) stop()
  await serving.close()
  return ending.outcome()
}

/**
 * Silence of a sibling that owes us an answer: 256 KiB take 8 s at 0.25 Mbit/s, the slowest line
 * we serve.
 */
export const STALL_MS = 30_000

interface Silence {
  broken(): void
  /** From now on the sibling owes us frames, as long as `isOwed`. */
  expectAnswer(isOwed: () => boolean): void
  stop(): void
}

/** A timer that runs only while an answer is owed: an idle exchange wakes nobody. */
function watchSilence(
  { clock, scheduler }: Pick<ExchangeParts, 'clock' | 'scheduler'>,
  stalled: () => void,
): Silence {
  let since = clock.monotonic()
  let cancel: (() => void) | undefined
  const watch = (ms: number, isOwed: () => boolean): void => {
    cancel = scheduler.schedule(ms, () => {
      cancel = undefined
      const left = since + STALL_MS - clock.monotonic()
      if (!isOwed()) return
      if (left <= 0) stalled()
      else watch(left, isOwed)
    })
  }
  return {
    broken: () => {
      since = clock.monotonic()
    },
    expectAnswer: (isOwed) => {
      since = clock.monotonic()
      if (cancel === undefined) watch(STALL_MS, isOwed)
    },
    stop: () => cancel?.(),
  }
}

/** Longest time a timer can be set to (setTimeout counts in 31 bits). */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Calls `open` when nothing is withheld any more. */
function openInTime({ clock, scheduler, withheld }: ExchangeParts, open: () => void): () => void {
  const until = withheld?.until ?? 0
  let cancel: (() => void) | undefined
  const wait = (): void => {
    const left = until - clock.now()
    cancel = scheduler.schedule(Math.min(left, MAX_TIMER_MS), () => {
      if (clock.now() >= until) open()
      else wait()
    })
  }
  if (clock.now() < until && Number.isFinite(until)) wait()
  const onLifted = (): void => {
    cancel?.()
    open()
  }
  withheld?.lifted?.addEventListener('abort', onLifted, { once: true })
  return () => {
    cancel?.()
    withheld?.lifted?.removeEventListener('abort', onLifted)
  }
}

/** Follows what the log takes in from whomever, for records that hang together with it (ALOG-18). */
function onAdmission(
  { events }: Pick<AccountLog, 'events'>,
  parts: {
    readonly askAgain: () => void
    readonly takenIn: (events: readonly RecordEvent[]) => void
  },
): () => void {
  const ended = new AbortController()
  events.addEventListener('admission:changed', parts.askAgain, { signal: ended.signal })
  events.addEventListener('records:accepted', ({ detail }) => parts.takenIn(detail.events), {
    signal: ended.signal,
  })
  return () => ended.abort()
}

function onAbort(signal: AbortSignal, run: () => void): () => void {
  signal.addEventListener('abort', run)
  return () => signal.removeEventListener('abort', run)
}
