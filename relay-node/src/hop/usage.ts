import {
  type Clock,
  encodeFrame,
  MAX_USAGE_BYTES,
  type NetIdentity,
  sealUsage,
} from '@kithmesh/net'
import type { Connection, Stream } from '@libp2p/interface'
import type { Access } from '../ownership/access.ts'
import { closeInTime } from './stream-end.ts'

/** What one account used in one day. It names no peer, and nobody it was joined with (rule RLY-45). */
export interface DayUsage {
  /** The day, UTC, as `2026-11-22`. */
  readonly day: string
  /** Bytes forwarded for it, both ways. */
  readonly bytes: number
  /** Circuits and splices opened for it. */
  readonly circuits: number
}

/** Sums per account and day, in memory only: on disk a relay keeps nothing of anybody (rule RLY-15). */
export interface UsageBook {
  /** A circuit between devices of these accounts is opened; the result is told of bytes that pass. */
  open(accounts: readonly string[]): (count: number) => void
  /** The days of an account, oldest first; days on which nothing passed are left out. */
  of(account: string): readonly DayUsage[]
}

/** As long as a bill or a quarrel about one may take to come. */
const MAX_DAYS = 62
/** Accounts a relay keeps sums of; it knows its owner's and those it was told to allow. */
const MAX_ACCOUNTS = 1_000

/** A book without entries. */
export function createUsageBook(clock: Clock): UsageBook {
  const daysByAccount = new Map<string, Map<string, Sums>>()

  const today = (): string => new Date(clock.now()).toISOString().slice(0, 10)
  const sumsOf = (account: string): Sums => {
    const days = daysByAccount.get(account) ?? new Map<string, Sums>()
    daysByAccount.set(account, days)
    dropOldest(daysByAccount, MAX_ACCOUNTS)
    const day = today()
    const sums = days.get(day) ?? { bytes: 0, circuits: 0 }
    days.set(day, sums)
    dropOldest(days, MAX_DAYS)
    return sums
  }

  return {
    open(accounts) {
      for (const account of accounts) sumsOf(account).circuits += 1
      return (count) => {
        for (const account of accounts) sumsOf(account).bytes += count
      }
    },
    of: (account) =>
      [...(daysByAccount.get(account) ?? [])].map(([day, { bytes, circuits }]) => ({
        day,
        bytes,
        circuits,
      })),
  }
}

/**
 * Tells a device the days of its own account, each signed by the relay (rule RLY-45): what the relay says it forwarded
 * it cannot take back. A device of no account hears nothing.
 */
export async function answerUsage(
  stream: Stream,
  connection: Connection,
  parts: { readonly book: UsageBook; readonly access: Access; readonly identity: NetIdentity },
): Promise<void> {
  const account = parts.access.accountOf(connection.remotePeer.toString())
  try {
    for (const day of account === undefined ? [] : parts.book.of(account)) {
      const sealed = await sealUsage({ account: account ?? '', ...day }, parts.identity)
      stream.send(encodeFrame(sealed, MAX_USAGE_BYTES))
    }
  } catch {
    return stream.abort(new Error('The device is gone'))
  }
  await closeInTime(stream)
}

interface Sums {
  bytes: number
  circuits: number
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
