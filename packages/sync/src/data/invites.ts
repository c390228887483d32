import { KithError } from '@kithmesh/protocol'
import { bytesIn, present, textIn, timeIn } from './fields.ts'
import { openRowTable, type Row, type RowTable } from './row-table.ts'
import type { OpenView } from './view.ts'

/** An invite code given out, so that any own device can answer for it. */
export interface Invite extends InviteFields {
  /** Text of at most 96 characters: letters, digits, `.`, `~` and `-`. */
  readonly invite: string
  /** When it was used, ms since 1970 UTC. */
  readonly usedAt?: number
  /** Who used it: an account id, or whatever text the caller knows them by. */
  readonly usedBy?: string
}

/** What is kept of an invite from the start. */
export interface InviteFields {
  /** What a proof of the secret is checked with; the secret itself is not kept. */
  readonly key: Uint8Array
  /** ms since 1970 UTC */
  readonly createdAt: number
  /** ms since 1970 UTC */
  readonly expiresAt: number
  /** The contact whose new account uses it: an account id (ACC-12). */
  readonly replaces?: string
}

/** Invite codes of the account. */
export interface InvitesView {
  get(invite: string): Invite | undefined
  list(): readonly Invite[]
  /** @throws ERR_MALFORMED, ERR_TOO_LARGE */
  add(invite: string, fields: InviteFields): void
  /**
   * Marks an invite as used; false when there is none or it was used. Two devices that cannot see
   * each other may both accept it: one of the two uses then stands, the same everywhere (ACC-6).
   */
  use(invite: string, use: { readonly at: number; readonly by: string }): boolean
  remove(invite: string): void
}

/** Events of this view. */
export interface InviteEvents {
  'invite:changed': Invite
}

/** Opens the view over its table. */
export const openInvites: OpenView<InvitesView, InviteEvents> = (fields, emit) => {
  const table: RowTable = openRowTable(fields, 'invites', (before) => {
    for (const id of before.keys()) {
      const invite = inviteOf(id, table.row(id))
      if (invite !== undefined) emit('invite:changed', invite)
    }
  })
  const get = (id: string): Invite | undefined => inviteOf(id, table.row(id))
  return {
    get,
    list: () => [...table.rows()].flatMap(([id, row]) => inviteOf(id, row) ?? []),
    add: (invite, { key, createdAt, expiresAt, replaces }) => {
      if (invite.length === 0) throw new KithError('ERR_MALFORMED', 'an invite without an id')
      table.write(invite, { key, createdAt, expiresAt, replaces })
    },
    use: (invite, { at, by }) => {
      const known = get(invite)
      if (known === undefined || known.usedAt !== undefined) return false
      table.write(invite, { usedAt: at, usedBy: by })
      return true
    },
    remove: (invite) => table.drop(invite),
  }
}

function inviteOf(invite: string, row: Row | undefined): Invite | undefined {
  if (row === undefined) return undefined
  const key = bytesIn(row, 'key')
  const createdAt = timeIn(row, 'createdAt')
  const expiresAt = timeIn(row, 'expiresAt')
  if (key === undefined || createdAt === undefined || expiresAt === undefined) return undefined
  return present<Invite>({
    invite,
    key,
    createdAt,
    expiresAt,
    replaces: textIn(row, 'replaces'),
    usedAt: timeIn(row, 'usedAt'),
    usedBy: textIn(row, 'usedBy'),
  })
}
