import type { AccountId, ChatId, DeviceId } from '@kithmesh/protocol'
import { type RangeSet, rangesOf } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import { rebuildChats } from '../chats/rebuild.ts'
import type { StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { createSerial } from '../serial.ts'
import type { Op } from '../store/store-types.ts'
import {
  type AuthorCount,
  type AuthorNumbers,
  NO_COUNT,
  withClosed,
  withNumber,
} from './author-numbers.ts'

/** A device that writes in a chat. */
export interface Author {
  readonly chat: ChatId
  readonly account: AccountId
  readonly device: DeviceId
}

/** Which numbers of which authors are here: in memory for those asked of, on disk for all. */
export interface Numbers {
  of(author: Author): Promise<AuthorNumbers>
  /** A content is on the disk: the numbers of its author without and with it. */
  note(
    stored: StoredContent,
  ): Promise<{ readonly before: AuthorNumbers; readonly after: AuthorNumbers }>
  /** Numbers that the author's account says are history, or not there any more; resolves when that is on the disk. */
  close(author: Author, closed: { readonly past: RangeSet; readonly gone: RangeSet }): Promise<void>
  /** Contents of an author came that were not noted: they are read when it is asked of again. */
  forget(author: Author): Promise<void>
  /** Makes the numbers of a chat what its contents say (DEL-58). */
  recount(chat: ChatId): Promise<void>
}

/** Authors whose numbers are kept in memory: every device of some hundred contacts. */
const MAX_RECENT = 1024
/** The count on the disk may lag so many numbers behind: that many rows are read again at a start. */
const SAVE_EVERY = 1024
/** Opens the numbers on the disk. */
export function openNumbers(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'standing'>
    /** When somebody became a contact, ms since 1970 UTC. */
    readonly metAt: (account: AccountId) => number | undefined
  },
): Numbers {
  const { tables, store } = context
  const { logs, metAt } = parts
  const recent = new Map<string, Kept>()
  const serial = createSerial<string>()

  const linkedAt = (): number => logs.standing(parts.account, context.device)?.addedAt ?? 0

  async function keptOf(author: Author): Promise<Kept> {
    const key = keyOf(author)
    const known = recent.get(key) ?? (await load(author))
    recent.delete(key)
    recent.set(key, known)
    const [oldest] = recent.keys()
    if (recent.size > MAX_RECENT && oldest) recent.delete(oldest)
    return known
  }

  async function load(author: Author): Promise<Kept> {
    const { chat, account, device } = author
    const saved = (await tables.authorCounts.get([chat, account, device])) ?? NO_COUNT
    const range = {
      prefix: [chat, account, device],
      gt: [chat, account, device, saved.settled],
    } as const
    const since = linkedAt()
    const seen: number[] = []
    let { first } = saved
    for await (const [[, , , number], { at }] of tables.numbers.entries(range)) {
      seen.push(number)
      if (at >= since) first = Math.min(number, first || number)
    }
    const numbers = { ...saved, first, held: rangesOf(seen), isWhole: isWhole(author) }
    return { saved, numbers: withClosed(numbers, {}) }
  }

  /** Both clocks are other people's: one that is wrong costs that holes are asked for before they are shown. */
  function isWhole({ account, device }: Author): boolean {
    const since = linkedAt()
    const authorSince = logs.standing(account, device)?.addedAt ?? 0
    return authorSince >= since || (metAt(account) ?? 0) >= since
  }

  async function update(
    author: Author,
    change: (before: AuthorNumbers) => AuthorNumbers,
  ): Promise<Change> {
    return serial(keyOf(author), async () => {
      const { saved, numbers: before } = await keptOf(author)
      const after = change(before)
      const isDue = isWorthSaving(saved, after)
      if (isDue) await store.commit([putCount(author, after)])
      recent.set(keyOf(author), { saved: isDue ? after : saved, numbers: after })
      return { before, after }
    })
  }

  function putCount({ chat, account, device }: Author, count: AuthorCount): Op {
    const { settled, first, past, gone } = count
    return tables.authorCounts.put([chat, account, device], { settled, first, past, gone })
  }

  async function recount(chat: ChatId): Promise<void> {
    await rebuildChats(context, chat)
    for (const key of [...recent.keys()]) if (key.startsWith(chat)) recent.delete(key)
  }

  return {
    of: async (author) => (await update(author, (numbers) => numbers)).after,
    note: ({ content: { chat, author, seq, at } }) =>
      update({ chat, ...author }, (numbers) =>
        withNumber(numbers, { number: seq, isOld: at < linkedAt() }),
      ),
    close: async (author, closed) => {
      await update(author, (numbers) => withClosed(numbers, closed))
    },
    forget: (author) => serial(keyOf(author), async () => void recent.delete(keyOf(author))),
    recount,
  }
}

/** The numbers of an author, and what of them is on the disk. */
interface Kept {
  readonly saved: AuthorCount
  readonly numbers: AuthorNumbers
}

interface Change {
  readonly before: AuthorNumbers
  readonly after: AuthorNumbers
}

function keyOf({ chat, account, device }: Author): string {
  return `${chat} ${account} ${device}`
}

/** What the rows of the contents do not say themselves, and now and then how far they are settled. */
function isWorthSaving(saved: AuthorCount, { settled, first, past, gone }: AuthorCount): boolean {
  if (settled - saved.settled >= SAVE_EVERY) return true
  if (saved.settled > 0 && first !== saved.first) return true
  return !isSame(past, saved.past) || !isSame(gone, saved.gone)
}

function isSame(a: RangeSet, b: RangeSet): boolean {
  return (
    a.length === b.length && a.every(({ from, to }, at) => from === b[at]?.from && to === b[at]?.to)
  )
}
