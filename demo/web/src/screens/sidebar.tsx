import type { Contact } from '@kithmesh/node'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Icon } from '../parts/icons.tsx'
import { InlineName } from '../parts/inline-name.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { type Route, routeHref } from '../route.ts'
import { useContacts, useKith, useNews } from '../views/hooks.ts'
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
  readonly pane: 'starred' | 'devices'
  readonly icon: 'star' | 'devices'
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
  const { from } = useNews()
  if (contacts.length === 0) {
    return (
      <p className="quiet empty">
        Nobody yet. <strong>Invite</strong> makes a code for somebody; <strong>Add</strong> takes a
        code somebody gave you.
      </p>
    )
  }
  return (
    <ul className="contacts">
      {contacts.map((contact) => (
        <ContactRow
          key={contact.contact}
          contact={contact}
          isOpen={route.pane === 'chat' && route.contact === contact.contact}
          hasNews={from.has(contact.contact)}
        />
      ))}
    </ul>
  )
}

function ContactRow({
  contact,
  isOpen,
  hasNews,
}: {
  readonly contact: Contact
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
          <span className="contact-name">
            <bdi>{contact.name}</bdi>
          </span>
          {hasNews && <span className="news">New</span>}
        </a>
      </InlineName>
    </li>
  )
}

/** The first letter as a person counts letters. */
function initialOf(name: string): string {
  const [first] = graphemes.segment(name.trim())
  return first?.segment.toLocaleUpperCase() ?? ''
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
