import type {
  Chat,
  Contact,
  Device,
  KithNode,
  Label,
  Message,
  NodeEvents,
  QuietState,
  Setting,
  Status,
} from '@kithmesh/node'
import type { Notes } from '../notes.ts'
import { type Alerts, createAlerts } from './alerts.ts'
import { type ChatView, createChatView } from './chat-view.ts'
import { createNews, type News } from './news.ts'
import { createView, type View } from './view.ts'

/** The settings, and what the quiet hours among them come to now. */
export interface SettingsShown {
  readonly settings: readonly Setting[]
  readonly quiet: QuietState
}

/** Everything the screens of one device look at. */
export interface Views {
  readonly contacts: View<readonly Contact[]>
  readonly starred: View<readonly Message[]>
  /** How the person arranged the chats: pinned ones first, archived ones last. */
  readonly chats: View<readonly Chat[]>
  readonly labels: View<readonly Label[]>
  readonly settings: View<SettingsShown>
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
    chats: readAgainOn(
      (options) => node.chats.list(options),
      ['chat:changed', 'label:changed', 'label:removed', 'contact:changed', 'contact:removed'],
    ),
    labels: readAgainOn((options) => node.labels.list(options), ['label:changed', 'label:removed']),
    settings: readAgainOn(
      async (options) => ({
        settings: await node.settings.list(options),
        quiet: await node.settings.quiet(options),
      }),
      ['setting:changed'],
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
      ['relay:changed', 'message:sent', 'message:delivery', 'store:damaged', 'store:healed'],
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
