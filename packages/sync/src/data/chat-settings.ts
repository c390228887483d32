import {
  type ChatId,
  type DeviceId,
  type MessageId,
  parseChatId,
  parseMessageId,
} from '@kithmesh/protocol'
import { idsOf, present, timeIn } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** How far a chat was read, by a place in it. Marks are ordered by `at`, then by the message's id. */
export interface ReadMark {
  /** `at` of the newest content that was shown, ms since 1970 UTC. */
  readonly at: number
  readonly message: MessageId
}

/** What a person set for a chat. */
export interface ChatSettings {
  readonly chat: ChatId
  /** Out of the list, and silent. */
  readonly archived: boolean
  /** In quiet hours it is told of all the same. */
  readonly favourite: boolean
  /** When it was pinned to the top, ms since 1970 UTC; missing when it is not. */
  readonly pinnedAt?: number
  /** Silent until then, ms since 1970 UTC. */
  readonly mutedUntil?: number
  readonly readUpTo?: ReadMark
}

/** A change of some settings; `undefined` takes one back. */
export interface ChatEdit {
  readonly archived?: boolean
  readonly favourite?: boolean
  readonly pinnedAt?: number | undefined
  readonly mutedUntil?: number | undefined
}

/** Settings of chats. */
export interface ChatsView {
  /** Of a chat nobody set anything for: nothing set. */
  get(chat: ChatId): ChatSettings
  /** Only chats for which something is set. */
  list(): readonly ChatSettings[]
  /** @throws ERR_TOO_LARGE */
  edit(chat: ChatId, edit: ChatEdit): void
  /**
   * Notes that everything up to a place was shown. A mark only goes forward: each device writes a field
   * of its own, and the greatest counts (ACC-20). False when it is no news.
   */
  markRead(chat: ChatId, read: { readonly by: DeviceId; readonly upTo: ReadMark }): boolean
  readMark(chat: ChatId): ReadMark | undefined
}

/** Events of this view. */
export interface ChatEvents {
  'chat:changed': ChatSettings
}

/** Opens the view over its table. */
export const openChatSettings: OpenView<ChatsView, ChatEvents> = (fields, emit) => {
  const idOf = idsOf(parseChatId)
  const messageOf = idsOf(parseMessageId)
  const table: RowTable = openRowTable(fields, 'chats', (before) => {
    for (const id of before.keys()) {
      const chat = idOf(id)
      if (chat !== undefined) emit('chat:changed', get(chat))
    }
  })
  const get = (chat: ChatId): ChatSettings => {
    const row = table.row(chat) ?? new Map()
    return present<ChatSettings>({
      chat,
      archived: row.get('archived') === true,
      favourite: row.get('favourite') === true,
      pinnedAt: timeIn(row, 'pinnedAt'),
      mutedUntil: timeIn(row, 'mutedUntil'),
      readUpTo: greatestIn(row, messageOf),
    })
  }
  const readMark = (chat: ChatId): ReadMark | undefined => get(chat).readUpTo
  return {
    get,
    list: () => [...table.rows()].flatMap(([id]) => idOf(id) ?? []).map(get),
    edit: (chat, edit) => {
      const set = 'archived' in edit ? { archived: edit.archived || undefined } : {}
      const favourite = 'favourite' in edit ? { favourite: edit.favourite || undefined } : {}
      table.write(chat, { ...edit, ...set, ...favourite })
    },
    readMark,
    markRead: (chat, { by, upTo }) => {
      const before = readMark(chat)
      if (before !== undefined && compareMarks(upTo, before) <= 0) return false
      table.write(chat, { [fieldOf(by)]: `${upTo.at}${BETWEEN}${upTo.message}` })
      return true
    },
  }
}

/** Which of two places is later: negative when `a` is before `b`. */
export function compareMarks(a: ReadMark, b: ReadMark): number {
  if (a.at !== b.at) return a.at - b.at
  return a.message === b.message ? 0 : a.message < b.message ? -1 : 1
}

const BETWEEN = ' '
/** What the field of a mark begins with, before its writer. */
const MARK = 'read'
/** Characters of the writer's id that name its field: field names are short, and ids differ at their end. */
const WRITER_CHARACTERS = 16

function fieldOf(device: DeviceId): string {
  return `${MARK}${device.slice(-WRITER_CHARACTERS)}`
}

function greatestIn(
  row: Row,
  messageOf: (text: string) => MessageId | undefined,
): ReadMark | undefined {
  return [...row]
    .filter(([field]) => field.length === MARK.length + WRITER_CHARACTERS)
    .filter(([field]) => field.startsWith(MARK))
    .flatMap(([, value]) => (typeof value === 'string' ? (markOf(value, messageOf) ?? []) : []))
    .sort(compareMarks)
    .at(-1)
}

function markOf(
  text: string,
  messageOf: (text: string) => MessageId | undefined,
): ReadMark | undefined {
  const [time = '', id = '', ...more] = text.split(BETWEEN)
  const message = messageOf(id)
  if (message === undefined || more.length > 0 || !/^\d{1,16}$/.test(time)) return undefined
  return { at: Number(time), message }
}
