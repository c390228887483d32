import { type ChatId, parseChatId } from '@kithmesh/protocol'
import { openChatReads, type ReadEvents, type ReadsView } from './chat-reads.ts'
import { idsOf, present, timeIn } from './fields.ts'
import { openRowTable, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

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
}

/** A change of some settings; `undefined` takes one back. */
export interface ChatEdit {
  readonly archived?: boolean
  readonly favourite?: boolean
  readonly pinnedAt?: number | undefined
  readonly mutedUntil?: number | undefined
}

/** Settings of chats. */
export interface ChatsView extends ReadsView {
  /** Of a chat nobody set anything for: nothing set. */
  get(chat: ChatId): ChatSettings
  /** Only chats for which something is set. */
  list(): readonly ChatSettings[]
  /** @throws ERR_TOO_LARGE */
  edit(chat: ChatId, edit: ChatEdit): void
}

/** Events of this view. */
export interface ChatEvents extends ReadEvents {
  'chat:changed': ChatSettings
}

/** Opens the view over its table. */
export const openChatSettings: OpenView<ChatsView, ChatEvents> = (fields, emit) => {
  const idOf = idsOf(parseChatId)
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
    })
  }
  return {
    get,
    list: () => [...table.rows()].flatMap(([id]) => idOf(id) ?? []).map(get),
    edit: (chat, edit) => {
      const set = 'archived' in edit ? { archived: edit.archived || undefined } : {}
      const favourite = 'favourite' in edit ? { favourite: edit.favourite || undefined } : {}
      table.write(chat, { ...edit, ...set, ...favourite })
    },
    ...openChatReads(fields, emit),
  }
}
