import type { Contact, Message } from '@kithmesh/node'
import { Fragment, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { reasonOf } from '../parts/delivery-note.tsx'
import { ErrorNotice, FaultNotice } from '../parts/error-notice.tsx'
import { GapNote } from '../parts/gap-note.tsx'
import { Icon } from '../parts/icons.tsx'
import { InlineName } from '../parts/inline-name.tsx'
import { dayOf } from '../parts/moment.tsx'
import { Pane } from '../parts/pane.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { openRoute } from '../route.ts'
import type { ChatPage } from '../views/chat-view.ts'
import { useChat, useContacts, useKith } from '../views/hooks.ts'
import { useReading } from '../views/reading.ts'
import { AccountNotice } from './account-notice.tsx'
import { ChatSettingsButton } from './chat-settings-sheet.tsx'
import { Composer } from './composer.tsx'
import { MessageItem } from './message-item.tsx'
import { SecurityCodeSheet } from './security-code-sheet.tsx'

/** The chat the route names; anybody can type a route, so the contact is looked up first. */
export function ChatPane({ contact: id }: { readonly contact: string }): ReactNode {
  const { views } = useKith()
  const contacts = useContacts()
  const contact =
    contacts.state === 'ready' ? contacts.value.find((one) => one.contact === id) : undefined
  if (contact) return <Chat contact={contact} />
  return (
    <Pane title="Chat">
      {contacts.state === 'failed' && (
        <ErrorNotice error={contacts.error} action="Try again" onAction={views.contacts.reload} />
      )}
      {contacts.state === 'loading' && <p className="quiet loading">Loading…</p>}
      {contacts.state === 'ready' && (
        <FaultNotice
          fault={{ happened: 'There is no such contact.', means: 'It may have been removed.' }}
          action="Back to contacts"
          onAction={() => {
            openRoute({ pane: 'home' })
          }}
        />
      )}
    </Pane>
  )
}

function Chat({ contact }: { readonly contact: Contact }): ReactNode {
  const { node, views } = useKith()
  const view = views.chat(contact.contact)
  const { news } = views
  const [isComparing, setComparing] = useState(false)
  const compare = (): void => setComparing(true)
  useEffect(() => {
    news.open(contact.contact)
    return () => news.open(undefined)
  }, [news, contact.contact])
  return (
    <Pane
      title={
        <InlineName
          name={contact.name}
          onRename={(name, options) => node.contacts.rename(contact.contact, name, options)}
        />
      }
      tools={
        <>
          <span className="quiet">{devicesWords(contact)}</span>
          <button
            type="button"
            className="icon-button"
            aria-label="Security code"
            title="Security code"
            onClick={compare}
          >
            <Icon shape="shield" filled={contact.verified} />
          </button>
          <ChatSettingsButton contact={contact} />
        </>
      }
    >
      <AccountNotice contact={contact} onCompare={compare} />
      <ViewedContent viewed={useChat(contact.contact)} view={view}>
        {(page) => <Messages page={page} contact={contact} onEarlier={view.showEarlier} />}
      </ViewedContent>
      <Composer contact={contact} />
      {isComparing && <SecurityCodeSheet contact={contact} onClose={() => setComparing(false)} />}
    </Pane>
  )
}

function devicesWords({ devices, verified }: Contact): string {
  const count = devices === 1 ? '1 device' : `${devices} devices`
  return verified ? `Verified · ${count}` : count
}

function Messages({
  page,
  contact,
  onEarlier,
}: {
  readonly page: ChatPage
  readonly contact: Contact
  readonly onEarlier: () => void
}): ReactNode {
  const { messages, hasEarlier, gaps } = page
  const scroller = useStickToEnd(messages.at(-1)?.message)
  useReading(contact.contact, { scroller, messages })
  if (messages.length === 0) {
    return (
      <p className="messages empty quiet">
        No messages yet. What you write to <bdi>{contact.name}</bdi> is sealed for each of their
        devices.
      </p>
    )
  }
  return (
    // Focusable, so that the keyboard can scroll it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable
    <section ref={scroller} className="messages" aria-label="Messages" tabIndex={0}>
      {hasEarlier && (
        <button type="button" onClick={onEarlier}>
          Earlier messages
        </button>
      )}
      <ol className="message-list">
        {messages.map((message, index) => (
          <Fragment key={message.message}>
            {startsDay(message, messages[index - 1]) && (
              <li className="day">{dayOf(message.at)}</li>
            )}
            <GapNotes gaps={gaps} before={message.message} name={contact.name} />
            <MessageItem message={message} isReasonShown={saysWhy(messages, index)} />
          </Fragment>
        ))}
        <GapNotes gaps={gaps} before={undefined} name={contact.name} />
      </ol>
    </section>
  )
}

/** Of own messages one after another that wait for the same, the last says what for. */
function saysWhy(messages: readonly Message[], index: number): boolean {
  const next = messages.slice(index + 1).find(({ delivery }) => delivery !== undefined)
  return next === undefined || reasonOf(next.delivery) !== reasonOf(messages[index]?.delivery)
}

/** What belongs before a message, or behind the last while only a receipt has shown it. */
function GapNotes({
  gaps,
  before,
  name,
}: {
  readonly gaps: ChatPage['gaps']
  readonly before: Message['message'] | undefined
  readonly name: string
}): ReactNode {
  return gaps
    .filter((gap) => gap.before === before)
    .map((gap) => <GapNote key={`${gap.device} ${gap.first}`} gap={gap} name={name} />)
}

function startsDay(message: Message, before: Message | undefined): boolean {
  return before === undefined || dayOf(before.at) !== dayOf(message.at)
}

/** Within this many px of its end a chat counts as read to the end. */
const NEAR_END_PX = 80

/** Stays at the newest message, unless the person has scrolled back to read. */
function useStickToEnd(newest: string | undefined): React.RefObject<HTMLElement | null> {
  const scroller = useRef<HTMLElement>(null)
  const isAtEnd = useRef(true)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = (): void => {
      const left = element.scrollHeight - element.scrollTop - element.clientHeight
      isAtEnd.current = left < NEAR_END_PX
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    const resized = new ResizeObserver(() => {
      if (isAtEnd.current) element.scrollTo({ top: element.scrollHeight })
    })
    resized.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      resized.disconnect()
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a newer message is what moves the end
  useLayoutEffect(() => {
    if (isAtEnd.current) scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  }, [newest])
  return scroller
}
