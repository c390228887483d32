import type { Contact, Device, KithNode, Message, NodeEvents, Status } from '@kithmesh/node'
import type { Notes } from '../notes.ts'
import { type Alerts, createAlerts } from './alerts.ts'
import { type ChatView, createChatView } from './chat-view.ts'
import { createNews, type News } from './news.ts'
import { createView, type View } from './view.ts'

/** Everything the screens of one device look at. */
export interface Views {
  readonly contacts: View<readonly Contact[]>
  readonly starred: View<readonly Message[]>
  readonly devices: View<readonly Device[]>
  readonly status: View<Status>
  readonly news: News
  readonly alerts: Alerts
  /** What was typed and not sent, for as long as the tab is open. */
  readonly drafts: Map<Contact['contact'], string>
  readonly chat: (contact: Contact['contact']) => ChatView
}

/** The views of a device that belongs to an account. They cost nothing until somebody looks. */
export function createViews(node: KithNode, notes: Notes): Views {
  const chats = new Map<Contact['contact'], ChatView>()
  const readAgainOn = <T>(
    load: (options: { signal: AbortSignal }) => Promise<T>,
    events: readonly (keyof NodeEvents)[],
  ): View<T> =>
    createView({
      load,
      watch: ({ reload }, options) => {
        for (const event of events) node.addEventListener(event, reload, options)
      },
    })

  return {
    contacts: readAgainOn(
      async (options) => inNameOrder(await node.contacts.list(options)),
      ['contact:changed', 'contact:removed'],
    ),
    starred: readAgainOn(
      (options) => node.starred.list(options),
      ['starred:changed', 'message:received', 'contact:changed'],
    ),
    devices: readAgainOn(
      (options) => node.devices.list(options),
      ['device:linked', 'device:changed', 'device:removed', 'device:returned'],
    ),
    status: readAgainOn(
      (options) => node.status(options),
      ['relay:changed', 'message:sent', 'message:delivery'],
    ),
    news: createNews(node),
    alerts: createAlerts(node, notes),
    drafts: new Map(),
    chat: (contact) => {
      const view = chats.get(contact) ?? createChatView(node, contact)
      chats.set(contact, view)
      return view
    },
  }
}

function inNameOrder(contacts: readonly Contact[]): readonly Contact[] {
  return contacts.toSorted((a, b) => byName.compare(a.name, b.name))
}

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
