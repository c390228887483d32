import type { Chat, Contact } from '@kithmesh/node'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Icon } from '../parts/icons.tsx'
import { InlineName } from '../parts/inline-name.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { type Route, routeHref } from '../route.ts'
import { useChats, useContacts, useKith, useNews } from '../views/hooks.ts'
import { AddContactSheet } from './add-contact-sheet.tsx'
import { ConnectionLink } from './connection-link.tsx'
import { InviteSheet } from './invite-sheet.tsx'
import { LockSheet } from './lock-sheet.tsx'

interface SidebarProps {
  readonly route: Route
  /** A session keeps nothing that a lock could protect. */
  readonly temporary: boolean
}

/** The places of this account, and its people. */
export function Sidebar({ route, temporary }: SidebarProps): ReactNode {
  const { node } = useKith()
  return (
    <nav className="sidebar" aria-label="Contacts and places">
      <header className="sidebar-head">
        <h1>
          <bdi>{node.name}</bdi>
        </h1>
        <ConnectionLink isOpen={route.pane === 'connection'} />
      </header>
      <ul className="places">
        <PlaceLink pane="starred" icon="star" isOpen={route.pane === 'starred'}>
          Starred
        </PlaceLink>
        <PlaceLink pane="devices" icon="devices" isOpen={route.pane === 'devices'}>
          Devices
        </PlaceLink>
        <PlaceLink pane="settings" icon="settings" isOpen={route.pane === 'settings'}>
          Settings
        </PlaceLink>
        {!temporary && <LockPlace />}
      </ul>
      <ContactSection route={route} />
    </nav>
  )
}

function LockPlace(): ReactNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <li>
      <button type="button" className="place" onClick={() => setOpen(true)}>
        <Icon shape="lock" />
        App lock
      </button>
      {isOpen && <LockSheet onClose={() => setOpen(false)} />}
    </li>
  )
}

function PlaceLink(props: {
  readonly pane: 'starred' | 'devices' | 'settings'
  readonly icon: 'star' | 'devices' | 'settings'
  readonly isOpen: boolean
  readonly children: ReactNode
}): ReactNode {
  return (
    <li>
      <a
        className="place"
        href={routeHref({ pane: props.pane })}
        aria-current={props.isOpen ? 'page' : undefined}
      >
        <Icon shape={props.icon} />
        {props.children}
      </a>
    </li>
  )
}

function ContactSection({ route }: { readonly route: Route }): ReactNode {
  const [sheet, setSheet] = useState<'add' | 'invite' | undefined>()
  const { views } = useKith()
  const heading = useFocusOnReturn(route)
  const close = (): void => setSheet(undefined)
  return (
    <>
      <div className="section-head">
        <h2 ref={heading} tabIndex={-1}>
          Contacts
        </h2>
        <button type="button" onClick={() => setSheet('invite')}>
          Invite
        </button>
        <button type="button" onClick={() => setSheet('add')}>
          Add
        </button>
      </div>
      <ViewedContent viewed={useContacts()} view={views.contacts}>
        {(contacts) => <ContactList contacts={contacts} route={route} />}
      </ViewedContent>
      {sheet === 'add' && <AddContactSheet onClose={close} />}
      {sheet === 'invite' && <InviteSheet onClose={close} />}
    </>
  )
}

/** The pane that had the focus has gone, and on a narrow screen it was the whole page. */
function useFocusOnReturn(route: Route): React.RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef(route.pane)
  useEffect(() => {
    const cameHome = before.current !== 'home' && route.pane === 'home'
    before.current = route.pane
    if (cameHome && document.activeElement === document.body) heading.current?.focus()
  }, [route.pane])
  return heading
}

function ContactList({
  contacts,
  route,
}: {
  readonly contacts: readonly Contact[]
  readonly route: Route
}): ReactNode {
  const chats = useChats()
  if (contacts.length === 0) {
    return (
      <p className="quiet empty">
        Nobody yet. <strong>Invite</strong> makes a code for somebody; <strong>Add</strong> takes a
        code somebody gave you.
      </p>
    )
  }
  const archived = contacts.filter(({ contact }) => chats.get(contact)?.archived)
  const listed = contacts.filter((one) => !archived.includes(one))
  const isOpenHere = archived.some(({ contact }) => isOpenChat(route, contact))
  return (
    <>
      <ContactRows contacts={pinnedFirst(listed, chats)} chats={chats} route={route} />
      {archived.length > 0 && (
        <details className="archived" open={isOpenHere || undefined}>
          <summary>
            <Icon shape="archive" />
            Archived ({archived.length})
          </summary>
          <ContactRows contacts={archived} chats={chats} route={route} />
        </details>
      )}
    </>
  )
}

type ChatsByContact = ReadonlyMap<Contact['contact'], Chat>

function ContactRows({
  contacts,
  chats,
  route,
}: {
  readonly contacts: readonly Contact[]
  readonly chats: ChatsByContact
  readonly route: Route
}): ReactNode {
  const { from } = useNews()
  return (
    <ul className="contacts">
      {contacts.map((contact) => (
        <ContactRow
          key={contact.contact}
          contact={contact}
          chat={chats.get(contact.contact)}
          isOpen={isOpenChat(route, contact.contact)}
          hasNews={from.has(contact.contact)}
        />
      ))}
    </ul>
  )
}

function isOpenChat(route: Route, contact: Contact['contact']): boolean {
  return route.pane === 'chat' && route.contact === contact
}

/** The one pinned last on top; the others as they were. */
function pinnedFirst(contacts: readonly Contact[], chats: ChatsByContact): readonly Contact[] {
  const pinnedAt = ({ contact }: Contact): number => chats.get(contact)?.pinnedAt ?? 0
  return contacts.toSorted((a, b) => pinnedAt(b) - pinnedAt(a))
}

function ContactRow({
  contact,
  chat,
  isOpen,
  hasNews,
}: {
  readonly contact: Contact
  readonly chat: Chat | undefined
  readonly isOpen: boolean
  readonly hasNews: boolean
}): ReactNode {
  const { node } = useKith()
  return (
    <li>
      <InlineName
        name={contact.name}
        onRename={(name, options) => node.contacts.rename(contact.contact, name, options)}
      >
        <a
          className="contact"
          href={routeHref({ pane: 'chat', contact: contact.contact })}
          aria-current={isOpen ? 'page' : undefined}
        >
          <span className="initial" aria-hidden="true">
            {initialOf(contact.name)}
          </span>
          <span className="contact-words">
            <span className="contact-name">
              <bdi>{contact.name}</bdi>
            </span>
            {chat && chat.labels.length > 0 && <Labels labels={chat.labels} />}
          </span>
          {chat && <ChatMarks chat={chat} />}
          {hasNews && <span className="news">New</span>}
        </a>
      </InlineName>
    </li>
  )
}

function Labels({ labels }: Pick<Chat, 'labels'>): ReactNode {
  return (
    <span className="labels">
      {labels.map(({ label, name }) => (
        <span key={label} className="label">
          <bdi>{name}</bdi>
        </span>
      ))}
    </span>
  )
}

/** Pinned and muted, as small as can be; a screen reader says it in words. */
function ChatMarks({ chat: { pinnedAt, mutedUntil } }: { readonly chat: Chat }): ReactNode {
  return (
    <span className="chat-marks">
      {pinnedAt !== undefined && <Mark shape="pin" words="pinned" />}
      {mutedUntil !== undefined && <Mark shape="muted" words="muted" />}
    </span>
  )
}

function Mark({
  shape,
  words,
}: {
  readonly shape: 'pin' | 'muted'
  readonly words: string
}): ReactNode {
  return (
    <>
      <Icon shape={shape} />
      <span className="heard">{words}</span>
    </>
  )
}

/** The first letter as a person counts letters. */
function initialOf(name: string): string {
  const [first] = graphemes.segment(name.trim())
  return first?.segment.toLocaleUpperCase() ?? ''
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
