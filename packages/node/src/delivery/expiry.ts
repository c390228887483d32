import type { DeviceContext } from '../context.ts'
import { commitStaged } from '../staged.ts'
import type { Outbox } from './outbox.ts'
import { UNDELIVERED_LIFE_MS, type Undelivered } from './undelivered.ts'

/** However far off the next end is: a clock that leapt is noticed within this. */
const MAX_PAUSE_MS = 24 * 60 * 60 * 1000
/** And however near: ends come together. */
const MIN_PAUSE_MS = 60 * 1000
/** Ends written in one batch. */
const PAGE = 256
/** A clock that is taken to have been set, not to have gone wrong by itself. */
const LEAP_MS = 60 * 60 * 1000
/** Nothing ends before the clock has gone so long without a leap: what was ended does not come back (E4). */
const STEADY_MS = 10 * 60 * 1000

/** Ends what waited for too long, here and in the outbox, and says so by `undelivered:changed` (DEL-30). */
export function startExpiry(
  context: DeviceContext,
  parts: { readonly undelivered: Undelivered; readonly outbox: Pick<Outbox, 'stageEnd'> },
): void {
  const { store, clock, scheduler, logger, signal } = context
  const { undelivered, outbox } = parts
  let cancel: (() => void) | undefined
  let sweeping = false
  const steadyIn = steadiness(clock)

  undelivered.events.addEventListener('undelivered:added', watch, { signal })
  signal.addEventListener('abort', () => cancel?.())
  watch()

  /** One timer, while anything waits. */
  function watch(): void {
    if (cancel || sweeping || signal.aborted) return
    const ends = undelivered.chats().flatMap((chat) => {
      const [oldest] = undelivered.inOrder(chat)
      return oldest ? [undelivered.expiresAt(oldest)] : []
    })
    if (ends.length === 0) return
    const until = Math.max(Math.min(...ends) - clock.now(), steadyIn())
    cancel = scheduler.schedule(Math.min(Math.max(until, MIN_PAUSE_MS), MAX_PAUSE_MS), () => {
      cancel = undefined
      void sweep()
    })
  }

  async function sweep(): Promise<void> {
    if (steadyIn() > 0) return watch()
    sweeping = true
    try {
      for (const chat of undelivered.chats()) await endIn(chat)
    } catch {
      if (!signal.aborted) logger.warn('what waited too long is not ended yet')
    } finally {
      sweeping = false
      watch()
    }
  }

  async function endIn(chat: ReturnType<Undelivered['chats']>[number]): Promise<void> {
    const waiting = undelivered.inOrder(chat)
    const over = waiting.filter(({ at }) => at + UNDELIVERED_LIFE_MS <= clock.now())
    for (let start = 0; start < over.length; start += PAGE) {
      const page = over.slice(start, start + PAGE)
      const messages = page.map(({ message }) => message)
      await commitStaged(store, [undelivered.stageRemove(page), outbox.stageEnd(messages)])
      logger.warn('messages ended undelivered', { count: page.length })
    }
  }
}

/** How long, in ms, until the clock has gone steadily for long enough; 0 when it has. Asked now and then. */
function steadiness(clock: DeviceContext['clock']): () => number {
  const offset = (): number => clock.now() - clock.monotonic()
  let known = offset()
  let since = clock.monotonic()
  return () => {
    if (Math.abs(offset() - known) > LEAP_MS) since = clock.monotonic()
    known = offset()
    return Math.max(0, since + STEADY_MS - clock.monotonic())
  }
}
