import { type AccountId, type ChatId, directChatId, KithError } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { AccountState } from './account-state.ts'
import type { CallOptions, Contact, NodeEvents } from './api.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { requireName } from './names.ts'

/** The people this account talks to: names in the account data, devices in their device logs. */
export interface Contacts {
  list(options?: CallOptions): Promise<readonly Contact[]>
  rename(contact: AccountId, name: string, options?: CallOptions): Promise<Contact>
  isContact(account: AccountId): boolean
  /** @throws ERR_NOT_FOUND */
  require(account: AccountId): Contact
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
    readonly state: AccountState
    readonly logs: DeviceLogs
    readonly events: EventSource<NodeEvents>
  },
): Contacts {
  const { account, state, logs, events } = parts
  const { contacts, settings } = state.data
  const accountsByChat = new Map<ChatId, AccountId>()
  const { signal } = context

  for (const { contact } of contacts.list()) index(contact)
  state.data.events.addEventListener('contact:changed', ({ detail }) => changed(detail.contact), {
    signal,
  })
  logs.events.addEventListener('log:changed', ({ detail }) => changed(detail.account), { signal })

  function index(contact: AccountId): void {
    accountsByChat.set(directChatId(account, contact), contact)
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
    return { contact, name: stored.name, verified: false, devices: logs.devicesOf(contact).length }
  }

  function require(contact: AccountId): Contact {
    const found = view(contact)
    if (found) return found
    throw new KithError('ERR_NOT_FOUND', 'no such contact', {
      hint: 'Add the person first: one of you makes an invite code, the other adds it.',
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
    list: async () => contacts.list().flatMap(({ contact }) => view(contact) ?? []),
    rename,
    isContact: (other) => contacts.get(other) !== undefined,
    require,
    nameOf: (other) =>
      other === account
        ? String(settings.get(ACCOUNT_NAME) ?? context.name)
        : (contacts.get(other)?.name ?? 'unknown'),
    ofChat: (chat) => accountsByChat.get(chat),
  }
}
