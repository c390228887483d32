import type { Chat, Contact, Device, KithNode, Label, Message, Status } from '@kithmesh/node'
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Alert } from './alerts.ts'
import type { ChatPage } from './chat-view.ts'
import type { NewsState } from './news.ts'
import type { View, Viewed } from './view.ts'
import type { SettingsShown, Views } from './views.ts'

/** The device the screens belong to. */
export interface Kith {
  readonly node: KithNode
  readonly views: Views
}

/** Set once, around the screens of a device that belongs to an account. */
export const KithContext: React.Context<Kith | undefined> = createContext<Kith | undefined>(
  undefined,
)

/** The device and its views. */
export function useKith(): Kith {
  const kith = useContext(KithContext)
  if (!kith) throw new Error('no device around this screen')
  return kith
}

/** What a view shows now, and every change of it. */
function useView<T>(view: View<T>): Viewed<T> {
  return useSyncExternalStore(view.subscribe, view.get)
}

/** This account's contacts, by name. */
export function useContacts(): Viewed<readonly Contact[]> {
  return useView(useKith().views.contacts)
}

/** The messages with one contact. */
export function useChat(contact: Contact['contact']): Viewed<ChatPage> {
  return useView(useKith().views.chat(contact))
}

/** The starred messages. */
export function useStarred(): Viewed<readonly Message[]> {
  return useView(useKith().views.starred)
}

/** How the chats are arranged, by contact; empty until it is known. */
export function useChats(): ReadonlyMap<Contact['contact'], Chat> {
  const viewed = useView(useKith().views.chats)
  return new Map(viewed.state === 'ready' ? viewed.value.map((chat) => [chat.contact, chat]) : [])
}

/** This account's labels. */
export function useLabels(): Viewed<readonly Label[]> {
  return useView(useKith().views.labels)
}

/** What holds on every device of this account. */
export function useSettings(): Viewed<SettingsShown> {
  return useView(useKith().views.settings)
}

/** This account's devices. */
export function useDevices(): Viewed<readonly Device[]> {
  return useView(useKith().views.devices)
}

/** Relays and what waits to be sent. */
export function useStatus(): Viewed<Status> {
  return useView(useKith().views.status)
}

/** What about devices a person should look at. */
export function useAlerts(): Viewed<readonly Alert[]> {
  return useView(useKith().views.alerts)
}

/** Who wrote since their chat was open. */
export function useNews(): NewsState {
  const { news } = useKith().views
  return useSyncExternalStore(news.subscribe, news.get)
}
