import {
  type AccountId,
  type ChatId,
  type Content,
  contentCodec,
  type DeviceId,
  directChatId,
  KithError,
  type MessageId,
  messageIdOf,
} from '@kithmesh/protocol'
import type { DeviceContext } from './context.ts'
import { createSerial } from './serial.ts'
import type { Staged } from './staged.ts'

/** Messages a content may name as its parents (MSG-3); of more heads the newest are. */
const MAX_PARENTS = 16
/** A content may be dated this far ahead of us; beyond it its clock would push everyone's (E4). */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000

/** What a chat remembers to write its next message. */
export interface ChatState {
  /** Number of this device's next content in the chat, from 1. */
  readonly nextSeq: number
  /** Contents no other content names as parent yet. */
  readonly heads: readonly MessageId[]
  /** Largest `at` seen, ms since 1970 UTC: a hybrid clock that only goes forward (DEL-5). */
  readonly lastAt: number
}

/** A content as it stands in a chat. */
export interface StoredContent {
  readonly message: MessageId
  readonly content: Content
  readonly bytes: Uint8Array
}

/** Why a content is not taken into a chat. */
export type ContentFault = 'chat' | 'author' | 'clock'

/** The contents of every chat in their order, and the state that orders them. */
export interface Chats {
  /** On the disk, or on its way there. */
  has(message: MessageId): Promise<boolean>
  /** Resolves when what is on its way is on the disk; rejects when its write failed. */
  written(message: MessageId): Promise<void>
  get(message: MessageId): Promise<StoredContent | undefined>
  /** Oldest first; the newest `limit` of them. */
  list(
    chat: ChatId,
    options: { readonly limit?: number; readonly signal?: AbortSignal },
  ): Promise<readonly StoredContent[]>
  /** Runs `task` alone for the chat: state is read and staged without another writer between. */
  alone<T>(chat: ChatId, task: () => Promise<T>): Promise<T>
  /** The next content this device writes in a chat. */
  draft(chat: ChatId, body: Content['body']): Promise<StoredContent>
  faultOf(content: Content, author: AccountId, other: AccountId): ContentFault | undefined
  stage(stored: StoredContent): Promise<Staged>
}

/** Opens the chats of one account. */
export function openChats(context: DeviceContext, account: AccountId): Chats {
  const { tables, clock, rng } = context
  const states = new Map<ChatId, ChatState>()
  /** Staged and not yet on disk: present already, so that a second copy is seen as one. */
  const staging = new Map<MessageId, PromiseWithResolvers<void>>()
  const serial = createSerial<ChatId>()

  async function stateOf(chat: ChatId): Promise<ChatState> {
    const known = states.get(chat) ?? (await tables.chats.get(chat))
    return known ?? { nextSeq: 1, heads: [], lastAt: 0 }
  }

  async function draft(chat: ChatId, body: Content['body']): Promise<StoredContent> {
    const { nextSeq, heads, lastAt } = await stateOf(chat)
    const content: Content = {
      chat,
      author: { account, device: context.device },
      seq: nextSeq,
      parents: heads.slice(-MAX_PARENTS),
      at: Math.max(clock.now(), lastAt + 1),
      salt: rng.bytes(16),
      body,
    }
    const bytes = contentCodec.encode(content)
    return { message: messageIdOf(bytes), content, bytes }
  }

  async function stage({ message, content, bytes }: StoredContent): Promise<Staged> {
    const before = await stateOf(content.chat)
    states.set(content.chat, stateWith(before, message, content, context.device))
    const written = Promise.withResolvers<void>()
    written.promise.catch(() => undefined)
    staging.set(message, written)
    return {
      ops: () => [
        tables.contents.put([content.chat, content.at, message], bytes),
        tables.contentPlaces.put(message, { chat: content.chat, at: content.at }),
        tables.chats.put(content.chat, states.get(content.chat) ?? before),
      ],
      publish: () => {
        staging.delete(message)
        written.resolve()
      },
      discard: () => {
        staging.delete(message)
        states.delete(content.chat)
        written.reject(new KithError('ERR_STORE_WRITE', 'a content could not be written'))
      },
    }
  }

  async function get(message: MessageId): Promise<StoredContent | undefined> {
    const place = await tables.contentPlaces.get(message)
    const bytes = place && (await tables.contents.get([place.chat, place.at, message]))
    return bytes && { message, content: contentCodec.decode(bytes), bytes }
  }

  async function list(
    chat: ChatId,
    { limit, signal }: { readonly limit?: number; readonly signal?: AbortSignal },
  ): Promise<readonly StoredContent[]> {
    const newestFirst: StoredContent[] = []
    const range = {
      prefix: [chat],
      reverse: true,
      ...(limit === undefined ? {} : { limit }),
    } as const
    for await (const [[, , message], bytes] of tables.contents.entries(
      range,
      signal ? { signal } : {},
    )) {
      newestFirst.push({ message, content: contentCodec.decode(bytes), bytes })
    }
    return newestFirst.reverse()
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
    has: async (message) =>
      staging.has(message) || (await tables.contentPlaces.get(message)) !== undefined,
    written: async (message) => staging.get(message)?.promise,
    get,
    list,
    alone: serial,
    draft,
    faultOf,
    stage,
  }
}

function stateWith(
  state: ChatState,
  message: MessageId,
  content: Content,
  device: DeviceId,
): ChatState {
  const parents = new Set(content.parents)
  const own = content.author.device === device
  return {
    nextSeq: own ? Math.max(state.nextSeq, content.seq + 1) : state.nextSeq,
    heads: [...state.heads.filter((head) => !parents.has(head)), message].slice(-MAX_PARENTS),
    lastAt: Math.max(state.lastAt, content.at),
  }
}
