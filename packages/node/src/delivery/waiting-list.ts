import type { ChatId, DeviceId, MessageId } from '@kithmesh/protocol'
import type { Waiting } from './undelivered.ts'

/** What waits, and who has it as far as that is known here. */
export interface WaitingEntry extends Waiting {
  readonly reached: readonly DeviceId[]
  /** Whether the disk was asked who has it. */
  isRead: boolean
}

/** The index of what waits as it is kept in memory: by message, and by time in each chat. */
export interface WaitingList {
  /** False when it is there already. */
  add(entry: WaitingEntry): boolean
  /** False when it is not there. */
  remove(message: MessageId): boolean
  get(message: MessageId): WaitingEntry | undefined
  note(entry: WaitingEntry, reached: readonly DeviceId[]): void
  /** Dated `from` or later, in the order in which they leave. */
  inOrder(chat: ChatId, from?: number): readonly WaitingEntry[]
  /** Receipts do not count. */
  countIn(chat: ChatId): number
  size(): number
  chats(): readonly ChatId[]
}

/** Nothing waits. */
export function createWaitingList(): WaitingList {
  const entries = new Map<MessageId, Entry>()
  const chats = new Map<ChatId, Chat>()
  let size = 0

  function chatOf(chat: ChatId): Chat {
    const known = chats.get(chat) ?? {
      messages: new Set(),
      count: 0,
      byTime: [],
      newest: new Map(),
    }
    chats.set(chat, known)
    return known
  }

  function add(given: WaitingEntry): boolean {
    if (entries.has(given.message)) return false
    const entry: Entry = { ...given, due: given.at }
    const chat = chatOf(entry.chat)
    entries.set(entry.message, entry)
    chat.messages.add(entry.message)
    // What comes late, as by the account log, makes the list be sorted anew when it is asked for.
    const isNewest = entry.seq > (chat.newest.get(entry.author) ?? 0)
    if (isNewest) chat.newest.set(entry.author, entry.seq)
    if (isNewest && isBefore(chat.byTime?.at(-1), entry)) chat.byTime?.push(entry)
    else chat.byTime = undefined
    count(chat, entry, 1)
    return true
  }

  function remove(message: MessageId): boolean {
    const entry = entries.get(message)
    if (!entry) return false
    const chat = chatOf(entry.chat)
    entries.delete(message)
    chat.messages.delete(message)
    count(chat, entry, -1)
    // Left in the list, and passed over, until half of it is gone: one by one would be slow.
    if ((chat.byTime?.length ?? 0) > 2 * chat.messages.size + 64) chat.byTime = undefined
    if (chat.messages.size === 0) chats.delete(entry.chat)
    return true
  }

  function count(chat: Chat, { isReceipt }: Entry, by: 1 | -1): void {
    if (isReceipt) return
    chat.count += by
    size += by
  }

  function inOrder(of: ChatId, from = 0): readonly Entry[] {
    const chat = chats.get(of)
    if (!chat) return []
    chat.byTime ??= sorted([...chat.messages].flatMap((message) => entries.get(message) ?? []))
    const begin = from > 0 ? placeFrom(chat.byTime, from) : 0
    return chat.byTime.slice(begin).filter(({ message, at }) => at >= from && entries.has(message))
  }

  return {
    add,
    remove,
    get: (message) => entries.get(message),
    note: ({ message }, reached) => {
      const entry = entries.get(message)
      if (entry) entry.reached = [...new Set([...entry.reached, ...reached])]
    },
    inOrder,
    countIn: (chat) => chats.get(chat)?.count ?? 0,
    size: () => size,
    chats: () => [...chats.keys()],
  }
}

interface Entry extends WaitingEntry {
  /** Its time, or that of an earlier one of its author when the clock went back behind that (E4). */
  due: number
  reached: readonly DeviceId[]
}

interface Chat {
  readonly messages: Set<MessageId>
  count: number
  /** By time, with some that are gone; missing while it has to be sorted anew. */
  byTime: Entry[] | undefined
  /** The highest number of each author that was ever here. */
  readonly newest: Map<DeviceId, number>
}

/** By time, but what one device wrote by its numbers, whatever its clock did: as it leaves (DEL-15, E4). */
function sorted(entries: readonly Entry[]): Entry[] {
  const latest = new Map<DeviceId, number>()
  for (const entry of entries.toSorted((a, b) => a.seq - b.seq || a.at - b.at)) {
    entry.due = Math.max(entry.at, latest.get(entry.author) ?? 0)
    latest.set(entry.author, entry.due)
  }
  return entries.toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
}

function isBefore(a: Entry | undefined, b: Entry): boolean {
  if (!a || a.due !== b.due) return !a || a.due < b.due
  return a.author === b.author ? a.seq < b.seq : a.author < b.author
}

/** Before this place all are dated before `from`. */
function placeFrom(byTime: readonly Entry[], from: number): number {
  let [low, high] = [0, byTime.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((byTime[middle]?.due ?? from) < from) low = middle + 1
    else high = middle
  }
  return low
}
