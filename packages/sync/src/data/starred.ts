import { type MessageId, parseMessageId } from '@kithmesh/protocol'
import { idsOf, isTime } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** A message somebody starred. */
export interface StarredItem {
  readonly message: MessageId
  /** When, ms since 1970 UTC; of several concurrent stars the latest. */
  readonly at: number
}

/**
 * The starred items: a set in which an unstar takes away exactly the stars it has seen (ACC-5). A
 * star made without knowledge of the unstar stays, whichever device is asked; an old one never
 * comes back.
 */
export interface StarredView {
  /** Stars a message; does nothing when it is starred. `at`: ms since 1970 UTC. */
  add(message: MessageId, at: number): void
  remove(message: MessageId): void
  has(message: MessageId): boolean
  /** Newest star first. */
  list(): readonly StarredItem[]
}

/** Events of this view. */
export interface StarredEvents {
  'starred:changed': { readonly message: MessageId; readonly starred: boolean }
}

/** Opens the view over its table. */
export const openStarred: OpenView<StarredView, StarredEvents> = (fields, emit) => {
  const idOf = idsOf(parseMessageId)
  const table: RowTable = openRowTable(fields, 'starred', (before) => {
    for (const [id, old] of before) announce(id, old)
  })
  const announce = (id: string, old: Row | undefined): void => {
    const message = idOf(id)
    const row = table.row(id)
    if (message === undefined || isStarred(row) === isStarred(old)) return
    emit('starred:changed', { message, starred: isStarred(row) })
  }
  return {
    // One field per star, named after who starred. With one field per message Yjs would decide by
    // client id whether a star survives a concurrent star and unstar elsewhere: a different rule
    // for different people.
    add: (message, at) => {
      if (!isStarred(table.row(message)))
        table.write(message, { [fields.writer().toString(36)]: at })
    },
    remove: (message) => table.drop(message),
    has: (message) => isStarred(table.row(message)),
    list: () =>
      [...table.rows()]
        .flatMap(([id, row]) => itemOf(idOf(id), row) ?? [])
        .sort((a, b) => b.at - a.at || (a.message < b.message ? -1 : 1)),
  }
}

function isStarred(row: Row | undefined): boolean {
  return row !== undefined && [...row.values()].some(isTime)
}

function itemOf(message: MessageId | undefined, row: Row): StarredItem | undefined {
  if (message === undefined || !isStarred(row)) return undefined
  return { message, at: Math.max(...[...row.values()].filter(isTime)) }
}
