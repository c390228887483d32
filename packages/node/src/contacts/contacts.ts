import { type AccountId, type ChatId, directChatId, KithError } from '@kithmesh/protocol'
import type { ContactEntry, EventSource } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Contact } from '../api/contacts.ts'
import type { NodeEvents } from '../api/events.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import { requireName } from '../names.ts'
import { findSharedDevices } from './shared-devices.ts'
import { createSuccession, type Succession } from './succession.ts'

/** The people this account talks to: names in the account data, devices in their device logs. */
export interface Contacts {
  list(options?: CallOptions): Promise<readonly Contact[]>
  rename(contact: AccountId, name: string, options?: CallOptions): Promise<Contact>
  isContact(account: AccountId): boolean
  /** @throws ERR_NOT_FOUND */
  require(account: AccountId): Contact
  /** The account to send to when a person means this contact. @throws ERR_NOT_FOUND, ERR_CONTACT_CHANGED */
  requireSendable(account: AccountId): AccountId
  /** Which accounts are one person's, after each other. */
  readonly succession: Succession
  /** What this account calls another, or itself. */
  nameOf(account: AccountId): string
  /** The other account of a chat of two. */
  ofChat(chat: ChatId): AccountId | undefined
}

/** Setting under which the account's own name stands: what contacts are told. */
export const ACCOUNT_NAME = 'account.name'

/** Contacts of one account; local and remote changes come out of the same observer. */
export function createContacts(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: Pick<AccountState, 'data' | 'edit'>
    readonly logs: DeviceLogs
    readonly events: EventSource<NodeEvents>
  },
): Contacts {
  const { account, state, logs, events } = parts
  const { contacts, settings } = state.data
  const accountsByChat = new Map<ChatId, AccountId>()
  const { signal } = context
  // Before this room's own listeners: what they tell is asked of it.
  const succession = createSuccession(state.data, { signal })
  const sharingDevices = findSharedDevices({ signal }, logs)

  for (const { contact } of contacts.list()) index(contact)
  state.data.events.addEventListener(
    'contact:changed',
    ({ detail }) => changedAll(detail.contact),
    {
      signal,
    },
  )
  logs.events.addEventListener('log:changed', ({ detail }) => changed(detail.account), { signal })

  function index(contact: AccountId): void {
    accountsByChat.set(directChatId(account, contact), contact)
  }

  /** A change of one account shows on those it replaces, and on those that replace it. */
  function changedAll(contact: AccountId): void {
    changed(contact)
    const current = succession.currentOf(contact)
    for (const other of new Set([current, ...succession.earlierOf(contact)])) {
      if (other !== contact) changed(other)
    }
  }

  function changed(contact: AccountId): void {
    const now = view(contact)
    if (now) {
      index(contact)
      events.emit('contact:changed', now)
    } else if (accountsByChat.delete(directChatId(account, contact))) {
      events.emit('contact:removed', { contact })
    }
  }

  function view(contact: AccountId): Contact | undefined {
    const stored = contacts.get(contact)
    if (!stored) return undefined
    const { name, verifiedAt, replaces, logAlertAt } = stored
    const replacedBy = succession.replacedBy(contact)
    const maybeReplaces = replaces === undefined ? maybeEarlierOf(stored) : undefined
    const isForked = (logs.get(contact)?.forks.length ?? 0) > 0
    return {
      contact,
      name,
      verified: verifiedAt !== undefined,
      devices: logs.devicesOf(contact).length,
      ...(verifiedAt === undefined ? {} : { verifiedAt }),
      ...(replaces === undefined ? {} : { replaces }),
      ...(replacedBy === undefined ? {} : { replacedBy }),
      ...(maybeReplaces === undefined ? {} : { maybeReplaces }),
      ...(succession.isChanged(contact) ? { changed: true } : {}),
      ...(succession.isHeld(contact) ? { held: true } : {}),
      ...(isForked
        ? { alert: 'forked' }
        : logAlertAt === undefined
          ? {}
          : { alert: 'logs-differ' }),
    }
  }

  /** An older contact that has a device of this one's: only shown, a person decides (ACC-14). */
  function maybeEarlierOf({ contact, addedAt }: ContactEntry): AccountId | undefined {
    return sharingDevices(contact).find((other) => {
      const entry = contacts.get(other)
      const isOlder = entry !== undefined && entry.addedAt < addedAt
      return isOlder && entry.replaces !== contact && succession.replacedBy(other) === undefined
    })
  }

  function require(contact: AccountId): Contact {
    const found = view(contact)
    if (found) return found
    throw new KithError('ERR_NOT_FOUND', 'no such contact', {
      hint: 'Add the person first: one of you makes an invite code, the other adds it.',
    })
  }

  function requireSendable(contact: AccountId): AccountId {
    const { name } = require(contact)
    const current = succession.currentOf(contact)
    if (!succession.isHeld(contact) && !succession.isHeld(current)) return current
    throw new KithError('ERR_CONTACT_CHANGED', `the security code of ${name} has changed`, {
      hint: 'Compare it (kith code), then accept the new account (kith contacts accept).',
    })
  }

  async function rename(
    contact: AccountId,
    name: string,
    { signal }: CallOptions = {},
  ): Promise<Contact> {
    signal?.throwIfAborted()
    require(contact)
    requireName(name)
    await state.edit(() => contacts.rename(contact, name))
    return require(contact)
  }

  return {
    // Who has a new account is one person, and stands here once.
    list: async () =>
      contacts
        .list()
        .flatMap(({ contact }) => view(contact) ?? [])
        .filter(({ replacedBy }) => replacedBy === undefined),
    rename,
    isContact: (other) => contacts.get(other) !== undefined,
    require,
    requireSendable,
    succession,
    nameOf: (other) =>
      other === account
        ? String(settings.get(ACCOUNT_NAME) ?? context.name)
        : (contacts.get(succession.currentOf(other))?.name ?? 'unknown'),
    ofChat: (chat) => accountsByChat.get(chat),
  }
}
