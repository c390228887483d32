import { type AccountId, type ChatId, directChatId } from '@kithmesh/protocol'
import {
  type ChatEdit,
  type ChatSettings,
  type EventSource,
  type Labelled,
  readSetting,
} from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { Chat, ChatChange, Notifiable, NotifyAnswer } from '../api/chats.ts'
import type { NodeEvents } from '../api/events.ts'
import type { CallOptions } from '../api/options.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import { firstAccountOf } from './first-account.ts'
import type { Settings } from './settings.ts'

/** The chats of an account as a person arranged them (ACC-26). */
export interface ChatList {
  /** Pinned ones first, the one pinned last on top; then by name. Archived ones come last. */
  list(options?: CallOptions): Promise<readonly Chat[]>
  /** @throws ERR_NOT_FOUND */
  get(contact: AccountId, options?: CallOptions): Promise<Chat>
  /** Archives, pins, mutes, or takes it back. @throws ERR_NOT_FOUND */
  edit(contact: AccountId, change: ChatChange, options?: CallOptions): Promise<Chat>
  /** Whether to tell the person of a message now (ACC-27). */
  shouldNotify(message: Notifiable, options?: CallOptions): Promise<NotifyAnswer>
}

/** Largest time there is (ECMAScript, Time Values): muted until then is muted for good. */
const ALWAYS = 8_640_000_000_000_000

/** Opens the chats of an account. */
export function createChatList(
  context: Pick<DeviceContext, 'clock' | 'signal'>,
  parts: {
    readonly account: AccountId
    readonly state: Pick<AccountState, 'data' | 'edit'>
    readonly contacts: Pick<Contacts, 'list' | 'require' | 'isContact' | 'ofChat' | 'succession'>
    readonly settings: Pick<Settings, 'quietNow'>
    readonly events: EventSource<NodeEvents>
  },
): ChatList {
  const { account, state, contacts, settings, events } = parts
  const { chats, labels } = state.data
  const { signal } = context
  const now = (): number => context.clock.now()
  const chatOf = (contact: AccountId): ChatId =>
    directChatId(account, firstAccountOf(contact, contacts.succession))

  const tell = (chat: ChatId): void => {
    const contact = contacts.ofChat(chat)
    if (contact === undefined) return
    const current = contacts.succession.currentOf(contact)
    if (contacts.isContact(current)) events.emit('chat:changed', view(current))
  }
  state.data.events.addEventListener('chat:changed', ({ detail }) => tell(detail.chat), { signal })
  state.data.events.addEventListener(
    'labelled:changed',
    ({ detail: { on } }) => {
      if (isChat(on)) tell(on)
    },
    { signal },
  )

  function view(contact: AccountId): Chat {
    const { name } = contacts.require(contact)
    const chat = chatOf(contact)
    const { archived, favourite, pinnedAt, mutedUntil } = chats.get(chat)
    const muted =
      mutedUntil !== undefined && mutedUntil > now() ? shownUntil(mutedUntil) : undefined
    return {
      contact,
      name,
      archived,
      favourite,
      labels: labels.on(chat),
      ...(pinnedAt === undefined ? {} : { pinnedAt }),
      ...(muted === undefined ? {} : { mutedUntil: muted }),
    }
  }

  function answer({ from, unread }: Notifiable): NotifyAnswer {
    if (from.self) return { notify: false, reason: 'own' }
    if (unread === false) return { notify: false, reason: 'read' }
    if (!readSetting(state.data.settings, 'notifications.on'))
      return { notify: false, reason: 'off' }
    return silenced(chats.get(chatOf(from.account))) ?? { notify: true }
  }

  function silenced({ archived, favourite, mutedUntil }: ChatSettings): NotifyAnswer | undefined {
    if (archived) return { notify: false, reason: 'archived' }
    if (mutedUntil !== undefined && mutedUntil > now()) {
      const until = mutedUntil === ALWAYS ? {} : { until: mutedUntil }
      return { notify: false, reason: 'muted', ...until }
    }
    const { until, favourites } = settings.quietNow()
    if (until === undefined || (favourite && favourites)) return undefined
    return { notify: false, reason: 'quiet-hours', until }
  }

  return {
    list: async (options) => {
      const all = await contacts.list(options)
      return all.map(({ contact }) => view(contact)).sort(compareChats)
    },
    get: async (contact) => view(contacts.require(contact).contact),
    edit: async (contact, change, options = {}) => {
      options.signal?.throwIfAborted()
      contacts.require(contact)
      const chat = chatOf(contact)
      const edit = editOf(change, chats.get(chat), now())
      await state.edit(() => chats.edit(chat, edit))
      return view(contact)
    },
    shouldNotify: async (message) => answer(message),
  }
}

function editOf(change: ChatChange, before: ChatSettings, now: number): ChatEdit {
  const { archived, favourite, pinned, mutedUntil } = change
  return {
    ...(archived === undefined ? {} : { archived }),
    ...(favourite === undefined ? {} : { favourite }),
    // Pinned anew it keeps its place.
    ...(pinned === undefined ? {} : { pinnedAt: pinned ? (before.pinnedAt ?? now) : undefined }),
    ...('mutedUntil' in change
      ? { mutedUntil: mutedUntil === 'always' ? ALWAYS : mutedUntil }
      : {}),
  }
}

/** Ids of chats begin with `c` (ID-1). */
function isChat(labelled: Labelled): labelled is ChatId {
  return labelled.startsWith('c')
}

function shownUntil(mutedUntil: number): number | 'always' {
  return mutedUntil === ALWAYS ? 'always' : mutedUntil
}

/** The order a person sees. */
function compareChats(a: Chat, b: Chat): number {
  if (a.archived !== b.archived) return a.archived ? 1 : -1
  if (a.pinnedAt !== b.pinnedAt) return (b.pinnedAt ?? 0) - (a.pinnedAt ?? 0)
  return a.name.localeCompare(b.name) || (a.contact < b.contact ? -1 : 1)
}
