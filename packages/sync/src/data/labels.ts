import {
  type ChatId,
  KithError,
  type MessageId,
  parseChatId,
  parseMessageId,
} from '@kithmesh/protocol'
import { checkName, idsOf, nameIn, timeIn } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** A label people put on chats and messages. */
export interface Label {
  /** 1 to 31 letters and digits. */
  readonly label: string
  /** 1 to 128 characters. */
  readonly name: string
  /** ms since 1970 UTC */
  readonly addedAt: number
}

/** What a label can stand on. */
export type Labelled = ChatId | MessageId

/** The labels of an account, and what each stands on. */
export interface LabelsView {
  get(label: string): Label | undefined
  /** Oldest first. */
  list(): readonly Label[]
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE */
  add(label: string, fields: { readonly name: string; readonly addedAt: number }): void
  /** False when there is no such label. @throws ERR_MALFORMED, ERR_TOO_LARGE */
  rename(label: string, name: string): boolean
  /** Removes a label from everything it stands on. A concurrent rename does not bring it back. */
  remove(label: string): void
  /** Puts a label on something; false when there is no such label (ACC-18). */
  put(label: string, on: Labelled): boolean
  /** Takes it off; one put there concurrently stays. */
  take(label: string, from: Labelled): void
  /** The labels on something, oldest first. */
  on(labelled: Labelled): readonly Label[]
  /** What a label stands on. */
  of(label: string): readonly Labelled[]
}

/** Events of this view. */
export interface LabelEvents {
  'label:changed': Label
  'label:removed': { readonly label: string }
  /** A label was put on something or taken off. */
  'labelled:changed': { readonly label: string; readonly on: Labelled; readonly labelled: boolean }
}

/** Labels one account can have: more are no help to anybody, and every list reads them all. */
export const MAX_LABELS = 256

const LABEL_ID = /^[A-Za-z0-9]{1,31}$/

/** Opens the view over its tables. */
export const openLabels: OpenView<LabelsView, LabelEvents> = (fields, emit) => {
  const idOf = idsOf(parseLabelled)
  const table: RowTable = openRowTable(fields, 'labels', (before) => {
    for (const [id, old] of before) announce(id, old)
  })
  const marks: RowTable = openRowTable(fields, 'labelled', (before) => {
    for (const [id, old] of before) announceMarks(id, old)
  })
  const get = (label: string): Label | undefined => labelOf(label, table.row(label))
  const announce = (label: string, old: Row | undefined): void => {
    const now = get(label)
    if (now !== undefined) emit('label:changed', now)
    else if (labelOf(label, old) !== undefined) emit('label:removed', { label })
  }
  const announceMarks = (id: string, old: Row | undefined): void => {
    const on = idOf(id)
    if (on === undefined) return
    const now = marks.row(id)
    for (const label of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])) {
      const labelled = now?.has(label) === true
      if (labelled !== (old?.has(label) === true)) emit('labelled:changed', { label, on, labelled })
    }
  }
  const list = (): readonly Label[] => inOrder([...table.rows()].map(([id]) => get(id)))
  const of = (label: string): readonly Labelled[] =>
    [...marks.rows()].flatMap(([id, row]) => (row.has(label) ? (idOf(id) ?? []) : []))
  return {
    get,
    list,
    of,
    add: (label, { name, addedAt }) => {
      if (!LABEL_ID.test(label)) throw new KithError('ERR_MALFORMED', 'not an id of a label')
      if (list().length >= MAX_LABELS) throw tooMany()
      table.write(label, { name: checkName(name), addedAt })
    },
    rename: (label, name) => {
      if (get(label) === undefined) return false
      table.write(label, { name: checkName(name) })
      return true
    },
    remove: (label) =>
      fields.batch(() => {
        for (const on of of(label)) marks.write(on, { [label]: undefined })
        table.drop(label)
      }),
    put: (label, on) => {
      if (get(label) === undefined) return false
      marks.write(on, { [label]: true })
      return true
    },
    take: (label, from) => marks.write(from, { [label]: undefined }),
    on: (labelled) => inOrder([...(marks.row(labelled)?.keys() ?? [])].map(get)),
  }
}

/** A row is a label while it has `addedAt`: a name alone is what a concurrent rename left. */
function labelOf(label: string, row: Row | undefined): Label | undefined {
  const addedAt = row && timeIn(row, 'addedAt')
  if (row === undefined || addedAt === undefined || !LABEL_ID.test(label)) return undefined
  return { label, name: nameIn(row, 'name'), addedAt }
}

function inOrder(labels: readonly (Label | undefined)[]): readonly Label[] {
  return labels
    .filter((label) => label !== undefined)
    .sort((a, b) => a.addedAt - b.addedAt || (a.label < b.label ? -1 : 1))
}

function parseLabelled(text: string): Labelled {
  return text.startsWith('c') ? parseChatId(text) : parseMessageId(text)
}

function tooMany(): KithError {
  return new KithError('ERR_TOO_LARGE', `more than ${MAX_LABELS} labels`, {
    hint: 'Remove a label that is not needed any more.',
  })
}
