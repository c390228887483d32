import {
  type AccountId,
  type ChatId,
  type Content,
  contentCodec,
  directChatId,
  KithError,
  type MessageId,
  messageIdOf,
} from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import { createChatOrder, type ReachedBy } from './chats/chat-order.ts'
import { type ChatState, createChatStates } from './chats/chat-states.ts'
import type { StoredContent } from './chats/stored-content.ts'
import type { DeviceContext } from './context.ts'
import { joinedReads } from './joined-reads.ts'
import { createSerial } from './serial.ts'
import type { Staged } from './staged.ts'
import { createRecentMap } from './store/recent-map.ts'
import type { Op } from './store/store-types.ts'

export type { StoredContent }

/** A content may be dated this far ahead of us; what is dated later waits with its sender (E4). */
export const MAX_AHEAD_MS: number = 24 * 60 * 60 * 1000
/** So far our times follow what we saw. Ours are then taken by whoever's clock is up to 23 h behind (DEL-5). */
const MAX_FOLLOWED_MS = 60 * 60 * 1000

/** Contents kept at hand, if they are no longer than a long message: those that acks are about. */
const MAX_RECENT = 1024
const MAX_RECENT_BYTES = 2 * 1024
/** What comes together in larger numbers is history. */
const MAX_RECENT_AT_ONCE = 64
/** Contents of one place that are read beyond a limit: a place is a millisecond. */
const MAX_OF_ONE_PLACE = 256

/** Which contents of a chat are wanted; without anything all. */
export interface ListOptions {
  readonly limit?: number
  readonly where?: (content: Content) => boolean
  readonly signal?: AbortSignal
}

/** Why a content is not taken into a chat. */
export type ContentFault = 'chat' | 'author' | 'clock'

/** `detail` by event name. */
export interface ChatsEvents {
  /** A content is on the disk that was not. */
  'content:added': StoredContent
}

/** The contents of every chat in their order, and the state that orders them. */
export interface Chats {
  readonly events: TypedEvents<ChatsEvents>
  /** On the disk, or on its way there; with `chat` only in that chat. */
  has(message: MessageId, chat?: ChatId): Promise<boolean>
  /** Those whose message is neither on the disk nor on its way there, each message once. */
  lacking<T extends Pick<StoredContent, 'message'>>(asked: readonly T[]): Promise<readonly T[]>
  /** Resolves when what is on its way is on the disk; rejects when its write failed. */
  written(message: MessageId): Promise<void>
  get(message: MessageId): Promise<StoredContent | undefined>
  /** Those that are here, in their order. */
  getMany(messages: readonly MessageId[]): Promise<readonly StoredContent[]>
  /** Oldest first; of those that fit `where` the newest `limit`. */
  list(chat: ChatId, options: ListOptions): Promise<readonly StoredContent[]>
  /** Runs `task` alone for the chat: state is read and staged without another writer between. */
  alone<T>(chat: ChatId, task: () => Promise<T>): Promise<T>
  /** The next content this device writes in a chat. */
  draft(chat: ChatId, body: Content['body']): Promise<StoredContent>
  /** Several, each after the one before. */
  draftAll(chat: ChatId, bodies: readonly Content['body'][]): Promise<readonly StoredContent[]>
  faultOf(content: Content, author: AccountId, other: AccountId): ContentFault | undefined
  stage(stored: StoredContent): Promise<Staged>
  /**
   * Contents of one chat that come together, parents before children as far as possible. `reachedBy`: who has
   * them, as far as it came with them (DEL-70).
   */
  stageMany(contents: readonly StoredContent[], reachedBy?: ReachedBy): Promise<Staged>
}

/** Opens the chats of one account. */
export function openChats(context: DeviceContext, account: AccountId): Chats {
  const { tables, clock, rng } = context
  const events = createEvents<ChatsEvents>()
  const states = createChatStates(context, account)
  const order = createChatOrder(context)
  /** Staged and not yet on disk: present already, so that a second copy is seen as one. */
  const staging = new Map<MessageId, PromiseWithResolvers<void> & { readonly chat: ChatId }>()
  const serial = createSerial<ChatId>()
  /** Written not long ago: an id says what its content is, so these never change. */
  const recent = createRecentMap<MessageId, StoredContent>(MAX_RECENT)
  const placeOf = joinedReads((messages: readonly MessageId[]) =>
    tables.contentPlaces.getMany(messages),
  )

  async function draftAll(
    chat: ChatId,
    bodies: readonly Content['body'][],
  ): Promise<readonly StoredContent[]> {
    let state = await states.now(chat)
    return bodies.map((body) => {
      const stored = draftAfter(state, chat, body)
      state = states.after(state, stored)
      return stored
    })
  }

  function draftAfter(state: ChatState, chat: ChatId, body: Content['body']): StoredContent {
    const { nextSeq, heads, lastAt } = state
    const content: Content = {
      chat,
      author: { account, device: context.device },
      seq: nextSeq,
      parents: heads,
      at: timeAfter(lastAt, clock.now()),
      salt: rng.bytes(16),
      body,
    }
    const bytes = contentCodec.encode(content)
    return { message: messageIdOf(bytes), content, bytes }
  }

  async function draft(chat: ChatId, body: Content['body']): Promise<StoredContent> {
    return draftAfter(await states.now(chat), chat, body)
  }

  async function stageMany(
    contents: readonly StoredContent[],
    reachedBy?: ReachedBy,
  ): Promise<Staged> {
    const placed = await order.stage(contents, reachedBy)
    const arriving = contents.map((stored, at) => ({
      stored,
      isNamed: placed[at]?.isNamed ?? false,
    }))
    const state = await states.stage(arriving).catch((error: unknown) => {
      for (const { staged } of placed) staged.discard?.()
      throw error
    })
    const written = Promise.withResolvers<void>()
    written.promise.catch(() => undefined)
    for (const { message, content } of contents) {
      staging.set(message, { ...written, chat: content.chat })
    }
    return {
      ops: () => [
        ...placed.flatMap(({ staged }) => staged.ops()),
        ...state.ops(),
        ...contents.map(numberOp),
      ],
      publish: () => {
        for (const { staged } of placed) staged.publish?.()
        state.publish?.()
        for (const { message } of contents) staging.delete(message)
        written.resolve()
        if (contents.length <= MAX_RECENT_AT_ONCE) contents.forEach(keepAtHand)
        for (const stored of contents) events.emit('content:added', stored)
      },
      discard: () => {
        for (const { staged } of placed) staged.discard?.()
        state.discard?.()
        for (const { message } of contents) staging.delete(message)
        written.reject(new KithError('ERR_STORE_WRITE', 'a content could not be written'))
      },
    }
  }

  function numberOp({ message, content }: StoredContent): Op {
    const { chat, author, seq, at } = content
    return tables.numbers.put([chat, author.account, author.device, seq], { message, at })
  }

  async function lacking<T extends Pick<StoredContent, 'message'>>(
    all: readonly T[],
  ): Promise<readonly T[]> {
    const asked = [...new Map(all.map((one) => [one.message, one])).values()].filter(
      ({ message }) => !staging.has(message),
    )
    const places = await tables.contentPlaces.getMany(asked.map(({ message }) => message))
    return asked.filter((_, at) => places[at] === undefined)
  }

  function keepAtHand(stored: StoredContent): void {
    if (stored.bytes.length <= MAX_RECENT_BYTES) recent.set(stored.message, stored)
  }

  async function get(message: MessageId): Promise<StoredContent | undefined> {
    return recent.get(message) ?? read(message)
  }

  async function read(message: MessageId): Promise<StoredContent | undefined> {
    const place = await tables.contentPlaces.get(message)
    if (!place) return undefined
    const bytes = await tables.contents.get([place.chat, place.at, message])
    if (bytes) return { message, content: contentCodec.decode(bytes), bytes }
    // It may have gone to another place between the two reads (DEL-55).
    const now = await tables.contentPlaces.get(message)
    return now && now.at !== place.at ? read(message) : undefined
  }

  async function getMany(messages: readonly MessageId[]): Promise<readonly StoredContent[]> {
    const atHand = messages.map((message) => recent.get(message))
    const others = await readMany(messages.filter((_, at) => atHand[at] === undefined))
    return messages.flatMap((message, at) => atHand[at] ?? others.get(message) ?? [])
  }

  async function readMany(
    messages: readonly MessageId[],
  ): Promise<ReadonlyMap<MessageId, StoredContent>> {
    const places = await tables.contentPlaces.getMany(messages)
    const here = messages.flatMap((message, at) => {
      const place = places[at]
      return place ? { message, place } : []
    })
    const bodies = await tables.contents.getMany(
      here.map(({ message, place }) => [place.chat, place.at, message]),
    )
    const found = new Map<MessageId, StoredContent>()
    for (const [at, { message }] of here.entries()) {
      const bytes = bodies[at]
      const one = bytes ? { message, content: contentCodec.decode(bytes), bytes } : read(message)
      const stored = await one
      if (stored) found.set(message, stored)
    }
    return found
  }

  async function list(
    chat: ChatId,
    { limit, where, signal }: ListOptions,
  ): Promise<readonly StoredContent[]> {
    const found = new Map<MessageId, Listed>()
    const atMost = limit ?? Number.POSITIVE_INFINITY
    let last: number | undefined
    const newestFirst = { prefix: [chat], reverse: true } as const
    for await (const [[, at, message], bytes] of tables.contents.entries(
      newestFirst,
      signal ? { signal } : {},
    )) {
      // Those of one place come in no order, and are read whole: the ids put them in one.
      if (found.size >= atMost && (at !== last || found.size >= atMost + MAX_OF_ONE_PLACE)) break
      const content = contentCodec.decode(bytes)
      if (where && !where(content)) continue
      last = at
      // Moved while it was listed, it comes twice (DEL-55).
      if (!found.has(message)) found.set(message, { at, stored: { message, content, bytes } })
    }
    const ordered = [...found.values()].sort(inOrder).map(({ stored }) => stored)
    return limit === undefined ? ordered : ordered.slice(Math.max(0, ordered.length - limit))
  }

  function faultOf(
    content: Content,
    author: AccountId,
    other: AccountId,
  ): ContentFault | undefined {
    if (content.chat !== directChatId(author, other)) return 'chat'
    if (content.author.account !== author) return 'author'
    if (content.at > clock.now() + MAX_AHEAD_MS) return 'clock'
    return undefined
  }

  return {
    events,
    has: async (message, chat) => {
      const here = staging.get(message) ?? (await placeOf(message))
      return here !== undefined && (chat === undefined || here.chat === chat)
    },
    written: async (message) => staging.get(message)?.promise,
    get,
    getMany,
    list,
    alone: serial,
    draft,
    draftAll,
    faultOf,
    lacking,
    stage: (stored) => stageMany([stored]),
    stageMany,
  }
}

interface Listed {
  readonly at: number
  readonly stored: StoredContent
}

/** By place, then by id (DEL-6): the same on every device. */
function inOrder(a: Listed, b: Listed): number {
  return a.at - b.at || (a.stored.message < b.stored.message ? -1 : 1)
}

/** A hybrid clock that goes forward, but not with whoever's clock is far ahead (DEL-5, E4). */
function timeAfter(lastAt: number, now: number): number {
  return lastAt <= now + MAX_FOLLOWED_MS ? Math.max(now, lastAt + 1) : now
}
