import type { Clock } from '@kithmesh/net'
import type { Counters } from '../counters.ts'
import type { RelayLimits } from '../limits.ts'
import { readUsage, writeUsage } from './home.ts'

/** Keeps what is forwarded in a calendar month (UTC) under a limit, over restarts too (RLY-78). */
export interface Month {
  /** Bytes forwarded in this month. */
  bytes(): number
  isSpent(): boolean
  /** Counts what came since; writes it down now and then. */
  tick(): Promise<void>
  /** Writes down what is not yet. */
  close(): Promise<void>
}

/** What a month is counted by. */
export interface MonthParts {
  readonly home: string
  readonly limits: Pick<RelayLimits, 'maxMonthly'>
  readonly counters: Pick<Counters, 'bytes'>
  readonly clock: Clock
  /** The month has just been used up. */
  onSpent(): void
}

/** What a crash may leave uncounted. */
const WRITE_EVERY_BYTES = 16 * 1024 * 1024
const WRITE_EVERY_MS = 60_000

/** How often it is looked at while there is a limit that may be used up. */
const LOOK_MS = 1_000
/** Without one nothing hangs on it but that a new month begins anew. */
const IDLE_LOOK_MS = 30_000

/** Counts from now on. @returns ends it */
export function keepCounting(month: Month, limits: Pick<RelayLimits, 'maxMonthly'>): () => void {
  const look = (): void => {
    // what cannot be written now is written by a later look
    void month.tick().catch(() => {})
    timer = setTimeout(look, limits.maxMonthly > 0 ? LOOK_MS : IDLE_LOOK_MS).unref()
  }
  let timer = setTimeout(look, LOOK_MS).unref()
  return () => clearTimeout(timer)
}

/** A sum in a file of the home; only where there is a limit, else nothing is kept. */
export async function openMonth(parts: MonthParts): Promise<Month> {
  const { home, limits, counters, clock } = parts
  const now = (): string => new Date(clock.now()).toISOString().slice(0, 7)
  const before = await readUsage(home)
  let month = now()
  let sum = before?.month === month ? before.bytes : 0
  let seen = counters.bytes
  let written = { bytes: sum, at: clock.monotonic() }

  const count = (): void => {
    if (now() !== month) sum = 0
    month = now()
    sum += counters.bytes - seen
    seen = counters.bytes
  }
  const write = async (): Promise<void> => {
    if (limits.maxMonthly === 0 || sum === written.bytes) return
    written = { bytes: sum, at: clock.monotonic() }
    await writeUsage(home, { month, bytes: sum })
  }
  const bytes = (): number => sum + counters.bytes - seen
  const isSpent = (): boolean => limits.maxMonthly > 0 && bytes() >= limits.maxMonthly
  let isTold = isSpent()
  return {
    bytes,
    isSpent,
    async tick() {
      count()
      if (isSpent() && !isTold) parts.onSpent()
      isTold = isSpent()
      const isMuch = Math.abs(sum - written.bytes) >= WRITE_EVERY_BYTES
      if (isMuch || clock.monotonic() - written.at >= WRITE_EVERY_MS) await write()
    },
    async close() {
      count()
      await write()
    },
  }
}
