import { type AccountId, type DeviceId, directChatId, type MessageId } from '@kithmesh/protocol'
import {
  countRanges,
  createEvents,
  differenceRanges,
  type EventSource,
  type Range,
  type RangeSet,
  type TypedEvents,
} from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { NodeEvents } from '../api/events.ts'
import type { MessageGap } from '../api/messages.ts'
import type { Chats, StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { type AuthorNumbers, goneNumbers, missingNumbers, openNumbers } from './author-numbers.ts'
import type { CatchingUp } from './catching-up.ts'
import type { Author, Numbers } from './numbers.ts'

/** Gaps shown of one contact: an honest one has none, or a few. */
const MAX_SHOWN = 256
/** Contents behind a hole that are looked at for a message to show it with; the others are receipts. */
const MAX_LOOKED_AT = 16

/** `detail` by event name. */
export interface GapsEvents {
  /** Numbers of this contact are open: surely missing, or perhaps history. */
  'numbers:open': { readonly contact: AccountId }
}

/** Numbers of one author to ask for. */
export interface OpenOf {
  readonly author: Author
  readonly open: RangeSet
}

/** What the author's account says of them. */
export interface AuthorAnswer {
  readonly author: Author
  /** On their way. */
  readonly coming: RangeSet
  /** Written before this device was linked. */
  readonly past: RangeSet
  /** Nowhere any more. */
  readonly gone: RangeSet
}

/** The holes in what contacts wrote: shown at once, and until they are filled (DEL-59). */
export interface Gaps {
  readonly events: TypedEvents<GapsEvents>
  /** Oldest first within a device. */
  of(contact: AccountId): Promise<readonly MessageGap[]>
  openOf(contact: AccountId): Promise<readonly OpenOf[]>
  answered(contact: AccountId, answers: readonly AuthorAnswer[]): Promise<void>
  /** Compares the numbers of every chat with what the disk has: it may have lost some of it (E2). */
  recheck(): Promise<void>
}

/** Watches what arrives, by whichever way. */
export function startGaps(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly chats: Pick<Chats, 'events' | 'get'>
    readonly logs: Pick<DeviceLogs, 'get' | 'standing'>
    readonly numbers: Numbers
    readonly contacts: () => readonly AccountId[]
    readonly catchingUp: CatchingUp
  },
  told: Pick<EventSource<NodeEvents>, 'emit'>,
): Gaps {
  const { tables, signal } = context
  const { account: own, chats, logs, numbers, catchingUp } = parts
  const events = createEvents<GapsEvents>()
  const shown = new Map<AccountId, readonly MessageGap[]>()
  const coming = new Map<string, RangeSet>()
  /** What was open when it was last told. */
  const asked = new Map<AccountId, readonly OpenOf[]>()
  /** Contacts to look at when siblings have brought what they bring. */
  const unseen = new Set<AccountId>()
  /** Chats whose numbers were compared with their contents since the start. */
  const recounted = new Set<AccountId>()

  chats.events.addEventListener('content:added', ({ detail }) => void note(detail), { signal })
  catchingUp.events.addEventListener('caught-up', lookAgain, { signal })

  const look = createRounds((contact: AccountId, again) =>
    retry(context, {
      what: 'a look for gaps',
      attempt: () => show(contact),
      wanted: () => true,
      asked: again,
    }),
  )

  void lookAtAll()

  /** At the start: what was missing is missing still, and asked for again. */
  async function lookAtAll(): Promise<void> {
    for (const contact of parts.contacts()) await look(contact)
  }

  function lookAgain(): void {
    const contacts = [...unseen]
    unseen.clear()
    for (const contact of contacts) void look(contact)
  }

  async function note(stored: StoredContent): Promise<void> {
    const { account, device } = stored.content.author
    // Own devices fill theirs by the account log, which knows itself what it lacks (ALOG-9). Of a device
    // that no log knows nothing is counted: who invents authors makes nobody count for each (DEL-57).
    if (account === own || !logs.standing(account, device)) return
    try {
      if (catchingUp.isNow()) {
        // Thousands may come, in any order: they are counted when all are here.
        unseen.add(account)
        return await numbers.forget({ chat: stored.content.chat, account, device })
      }
      const { before, after } = await numbers.note(stored)
      if (holesIn(before) !== holesIn(after)) await look(account)
    } catch (error) {
      if (!signal.aborted) context.logger.warn('a number is not noted', { code: codeOf(error) })
    }
  }

  async function show(contact: AccountId): Promise<void> {
    // What siblings are just bringing is no hole; when they are done it is looked at again.
    if (catchingUp.isNow()) return void unseen.add(contact)
    if ((await openOf(contact)).length > 0 && !recounted.has(contact)) {
      await numbers.recount(directChatId(own, contact))
      recounted.add(contact)
    }
    const now = await gapsOf(contact)
    const before = shown.get(contact) ?? []
    shown.set(contact, now)
    if (textOf(now) !== textOf(before)) told.emit('message:gap', { contact, gaps: now })
    const open = await openOf(contact)
    const news = isNews(contact, open)
    asked.set(contact, open)
    if (news) events.emit('numbers:open', { contact })
  }

  /** Whether there is something to ask for that was not there before, or all came that was said to be coming. */
  function isNews(contact: AccountId, open: readonly OpenOf[]): boolean {
    const before = asked.get(contact) ?? []
    return open.some((one) => {
      const known = before.find(({ author }) => author.device === one.author.device)?.open ?? []
      if (differenceRanges(one.open, known).length > 0) return true
      const awaited = coming.get(keyOf(one.author)) ?? []
      if (
        awaited.length === 0 ||
        differenceRanges(awaited, differenceRanges(awaited, one.open)).length > 0
      )
        return false
      return coming.delete(keyOf(one.author))
    })
  }

  function shownOf(contact: AccountId, { author, open }: OpenOf): OpenOf {
    const told = asked.get(contact)?.find((one) => one.author.device === author.device)?.open ?? []
    return { author, open: differenceRanges(open, differenceRanges(open, told)) }
  }

  function authorsOf(contact: AccountId): readonly Author[] {
    const chat = directChatId(own, contact)
    const devices: readonly DeviceId[] = [...(logs.get(contact)?.devices.keys() ?? [])]
    return devices.map((device) => ({ chat, account: contact, device }))
  }

  async function openOf(contact: AccountId): Promise<readonly OpenOf[]> {
    if (catchingUp.isNow()) return []
    const all = authorsOf(contact).map(async (author) => ({
      author,
      open: openNumbers(await numbers.of(author)),
    }))
    return (await Promise.all(all)).filter(isOpen)
  }

  async function gapsOf(contact: AccountId): Promise<readonly MessageGap[]> {
    const holes: Hole[] = []
    for (const author of authorsOf(contact)) {
      const counted = await numbers.of(author)
      for (const range of missingNumbers(counted)) {
        holes.push({ author, range, state: stateIn(author, range) })
      }
      for (const range of goneNumbers(counted)) holes.push({ author, range, state: 'gone' })
    }
    const gaps: MessageGap[] = []
    // Cut before each is looked up on the disk: who leaves out every second number costs us no more.
    for (const hole of holes.slice(-MAX_SHOWN)) gaps.push(await gapOf(hole))
    return gaps
  }

  function stateIn(author: Author, range: Range): MessageGap['state'] {
    const rest = differenceRanges([range], coming.get(keyOf(author)) ?? [])
    return countRanges(rest) === 0 ? 'coming' : 'missing'
  }

  async function gapOf({ author, range, state }: Hole): Promise<MessageGap> {
    const { from, to } = range
    const before = await shownWith(author, to)
    const { account: contact, device } = author
    return { contact, device, first: from, last: to, state, ...(before ? { before } : {}) }
  }

  /** The next message of the author that a person sees. */
  async function shownWith(
    { chat, account, device }: Author,
    last: number,
  ): Promise<MessageId | undefined> {
    const range = {
      prefix: [chat, account, device],
      gt: [chat, account, device, last],
      limit: MAX_LOOKED_AT,
    } as const
    for await (const [, { message }] of tables.numbers.entries(range)) {
      if ((await chats.get(message))?.content.body.kind === 'text') return message
    }
    return undefined
  }

  async function answered(contact: AccountId, answers: readonly AuthorAnswer[]): Promise<void> {
    for (const { author, past, gone, coming: awaited } of answers) {
      coming.set(keyOf(author), awaited)
      if (past.length + gone.length > 0) await numbers.close(author, { past, gone })
    }
    await look(contact)
  }

  async function recheck(): Promise<void> {
    recounted.clear()
    for (const contact of parts.contacts()) {
      await numbers.recount(directChatId(own, contact))
      recounted.add(contact)
      await look(contact)
    }
  }

  return {
    events,
    of: async (contact) =>
      catchingUp.isNow() ? (shown.get(contact) ?? []) : await gapsOf(contact),
    // What is not shown yet is not asked for: nobody hears of an end before the beginning.
    openOf: async (contact) =>
      (await openOf(contact)).map((one) => shownOf(contact, one)).filter(isOpen),
    answered,
    recheck,
  }
}

interface Hole {
  readonly author: Author
  readonly range: Range
  readonly state: MessageGap['state']
}

function isOpen({ open }: OpenOf): boolean {
  return open.length > 0
}

function keyOf({ chat, device }: Author): string {
  return `${chat} ${device}`
}

/** What of an author's numbers makes a difference to who looks at the gaps. */
function holesIn(numbers: AuthorNumbers): string {
  return JSON.stringify([openNumbers(numbers), goneNumbers(numbers)])
}

function textOf(gaps: readonly MessageGap[]): string {
  return gaps.map(({ device, first, last, state }) => `${device} ${first} ${last} ${state}`).join()
}
