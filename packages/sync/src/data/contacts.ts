import { type AccountId, parseAccountId } from '@kithmesh/protocol'
import { bytesIn, checkName, idsOf, nameIn, present, textIn, timeIn } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** A person in the address book. */
export interface ContactEntry extends ContactFields {
  readonly contact: AccountId
}

/**
 * What is kept of a contact. Each field is replaced by itself; concurrent edits of different
 * fields merge.
 */
export interface ContactFields {
  /** 1 to 128 characters. */
  readonly name: string
  /** ms since 1970 UTC */
  readonly addedAt: number
  /** The pinned root key of the account, 32 bytes (protocol: freshness). */
  readonly root?: Uint8Array
  /** When the security codes were compared, ms since 1970 UTC; missing when they were not (ACC-11). */
  readonly verifiedAt?: number
  /** The account this person had before: this one was made anew (ACC-12). */
  readonly replaces?: AccountId
  /** When the person accepted that this account is new. */
  readonly acceptedAt?: number
  /** Since when what we know of its device log is not what its own devices show. */
  readonly logAlertAt?: number
  /** When the person blocked this contact; missing when not blocked. */
  readonly blockedAt?: number
  /** Where its devices were last met; opaque here, at most 64 KiB. */
  readonly hints?: Uint8Array
}

/** A change of some fields; `undefined` clears one that may be missing. */
export type ContactEdit = Partial<Pick<ContactFields, 'name' | 'addedAt'>> & {
  readonly [K in Exclude<keyof ContactFields, 'name' | 'addedAt'>]?: ContactFields[K] | undefined
}

/** The address book. */
export interface ContactsView {
  get(contact: AccountId): ContactEntry | undefined
  list(): readonly ContactEntry[]
  /** Adds a contact, or replaces all of its fields. @throws ERR_MALFORMED, ERR_TOO_LARGE */
  set(contact: AccountId, fields: ContactFields): void
  /**
   * Replaces some fields; false when there is no such contact. @throws ERR_MALFORMED,
   * ERR_TOO_LARGE
   */
  edit(contact: AccountId, fields: ContactEdit): boolean
  /** False when there is no such contact. @throws ERR_MALFORMED, ERR_TOO_LARGE */
  rename(contact: AccountId, name: string): boolean
  /** Removes it. A concurrent rename does not bring it back, a concurrent `set` does (ACC-4). */
  remove(contact: AccountId): void
}

/** Events of this view. */
export interface ContactEvents {
  'contact:changed': ContactEntry
  'contact:removed': { readonly contact: AccountId }
}

/** Opens the view over its table. */
export const openContacts: OpenView<ContactsView, ContactEvents> = (fields, emit) => {
  const idOf = idsOf(parseAccountId)
  const table: RowTable = openRowTable(fields, 'contacts', (before) => {
    for (const [id, old] of before) announce(id, old)
  })
  const read = (id: string, row: Row | undefined): ContactEntry | undefined => {
    const contact = idOf(id)
    return row === undefined || contact === undefined ? undefined : contactOf(contact, row, idOf)
  }
  const announce = (id: string, old: Row | undefined): void => {
    const entry = read(id, table.row(id))
    const removed = read(id, old)
    if (entry !== undefined) emit('contact:changed', entry)
    else if (removed !== undefined) emit('contact:removed', { contact: removed.contact })
  }
  const edit = (contact: AccountId, fields: ContactEdit): boolean => {
    if (read(contact, table.row(contact)) === undefined) return false
    table.write(contact, checked(fields))
    return true
  }
  return {
    get: (contact) => read(contact, table.row(contact)),
    list: () => [...table.rows()].flatMap(([id, row]) => read(id, row) ?? []),
    set: (contact, fields) => table.write(contact, { ...NO_FIELDS, ...checked(fields) }),
    edit,
    rename: (contact, name) => edit(contact, { name }),
    remove: (contact) => table.drop(contact),
  }
}

/** Every optional field cleared: what a removed contact left behind must not come back by `set`. */
const NO_FIELDS = {
  root: undefined,
  verifiedAt: undefined,
  replaces: undefined,
  acceptedAt: undefined,
  logAlertAt: undefined,
  blockedAt: undefined,
  hints: undefined,
}

function checked(fields: ContactEdit): ContactEdit {
  if (fields.name !== undefined) checkName(fields.name)
  return fields
}

/**
 * A row is a contact while it has `addedAt`: a name alone is what a concurrent rename left
 * (ACC-4).
 */
function contactOf(
  contact: AccountId,
  row: Row,
  idOf: (text: string) => AccountId | undefined,
): ContactEntry | undefined {
  const addedAt = timeIn(row, 'addedAt')
  if (addedAt === undefined) return undefined
  const earlier = textIn(row, 'replaces')
  const replaces = earlier === undefined ? undefined : idOf(earlier)
  return present<ContactEntry>({
    contact,
    name: nameIn(row, 'name'),
    addedAt,
    root: bytesIn(row, 'root'),
    verifiedAt: timeIn(row, 'verifiedAt'),
    replaces: replaces === contact ? undefined : replaces,
    acceptedAt: timeIn(row, 'acceptedAt'),
    logAlertAt: timeIn(row, 'logAlertAt'),
    blockedAt: timeIn(row, 'blockedAt'),
    hints: bytesIn(row, 'hints'),
  })
}
