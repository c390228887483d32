import {
  type AccountId,
  type ChatId,
  directChatId,
  KithError,
  type MessageId,
} from '@kithmesh/protocol'
import type { EventSource, Labelled } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { NodeEvents } from '../api/events.ts'
import type { Label, LabelledItems, LabelPlace } from '../api/labels.ts'
import type { CallOptions } from '../api/options.ts'
import type { Chats } from '../chats.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import { requireName } from '../names.ts'
import { firstAccountOf } from './first-account.ts'

/** Labels of an account, on chats and messages (ACC-17). */
export interface Labels {
  /** Oldest first. */
  list(options?: CallOptions): Promise<readonly Label[]>
  /** A new label, or the one that has this name already. @throws ERR_NAME, ERR_TOO_LARGE */
  create(name: string, options?: CallOptions): Promise<Label>
  /** @throws ERR_NAME, ERR_NOT_FOUND */
  rename(label: string, name: string, options?: CallOptions): Promise<Label>
  /** Takes it off everything. */
  remove(label: string, options?: CallOptions): Promise<void>
  /** @throws ERR_NOT_FOUND */
  put(label: string, on: LabelPlace, options?: CallOptions): Promise<void>
  take(label: string, from: LabelPlace, options?: CallOptions): Promise<void>
  /** The labels on something, oldest first. */
  on(place: LabelPlace, options?: CallOptions): Promise<readonly Label[]>
  /** What a label stands on. @throws ERR_NOT_FOUND */
  items(label: string, options?: CallOptions): Promise<LabelledItems>
}

/** Opens the labels of an account. */
export function createLabels(
  context: Pick<DeviceContext, 'clock' | 'rng' | 'signal'>,
  parts: {
    readonly account: AccountId
    readonly state: Pick<AccountState, 'data' | 'edit'>
    readonly contacts: Pick<Contacts, 'require' | 'ofChat' | 'succession'>
    readonly chats: Pick<Chats, 'has'>
    readonly events: EventSource<NodeEvents>
  },
): Labels {
  const { account, state, contacts, chats, events } = parts
  const { labels } = state.data
  const { signal } = context

  state.data.events.addEventListener(
    'label:changed',
    ({ detail }) => events.emit('label:changed', detail),
    { signal },
  )
  state.data.events.addEventListener(
    'label:removed',
    ({ detail }) => events.emit('label:removed', detail),
    { signal },
  )
  state.data.events.addEventListener(
    'labelled:changed',
    ({ detail: { label, on, labelled } }) => {
      if (isMessage(on)) events.emit('labelled:changed', { message: on, label, labelled })
    },
    { signal },
  )

  /** Whom and what nobody here knows gets no label. */
  async function requirePlace(place: LabelPlace): Promise<Labelled> {
    if ('message' in place) {
      if (await chats.has(place.message)) return place.message
      throw new KithError('ERR_NOT_FOUND', 'this device does not hold that message')
    }
    const { contact } = contacts.require(place.contact)
    return directChatId(account, firstAccountOf(contact, contacts.succession))
  }

  function require(label: string): Label {
    const found = labels.get(label)
    if (found !== undefined) return found
    throw new KithError('ERR_NOT_FOUND', 'there is no such label', {
      hint: 'See what there is with: kith labels',
    })
  }

  function contactOf(chat: ChatId): readonly AccountId[] {
    const contact = contacts.ofChat(chat)
    return contact === undefined ? [] : [contacts.succession.currentOf(contact)]
  }

  return {
    list: async () => labels.list(),
    create: async (name, options = {}) => {
      options.signal?.throwIfAborted()
      requireName(name)
      const same = labels.list().find((label) => label.name === name)
      if (same !== undefined) return same
      const label = newLabelId(context.rng.bytes(LABEL_BYTES))
      await state.edit(() => labels.add(label, { name, addedAt: context.clock.now() }))
      return require(label)
    },
    rename: async (label, name, options = {}) => {
      options.signal?.throwIfAborted()
      require(label)
      requireName(name)
      await state.edit(() => labels.rename(label, name))
      return require(label)
    },
    remove: async (label, options = {}) => {
      options.signal?.throwIfAborted()
      await state.edit(() => labels.remove(label))
    },
    put: async (label, on, options = {}) => {
      options.signal?.throwIfAborted()
      require(label)
      const place = await requirePlace(on)
      await state.edit(() => labels.put(label, place))
    },
    take: async (label, from, options = {}) => {
      options.signal?.throwIfAborted()
      require(label)
      const place = await requirePlace(from)
      await state.edit(() => labels.take(label, place))
    },
    on: async (place) => labels.on(await requirePlace(place)),
    items: async (label) => {
      const on = labels.of(require(label).label)
      const isChat = (one: Labelled): one is ChatId => !isMessage(one)
      return { messages: on.filter(isMessage), contacts: on.filter(isChat).flatMap(contactOf) }
    },
  }
}

/** Random bytes of a label's id: two devices never make the same one. */
const LABEL_BYTES = 8

function newLabelId(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Ids of messages begin with `m` (ID-1). */
function isMessage(labelled: Labelled): labelled is MessageId {
  return labelled.startsWith('m')
}
