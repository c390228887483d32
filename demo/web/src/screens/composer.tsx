import type { Contact } from '@kithmesh/node'
import {
  type KeyboardEvent,
  type ReactNode,
  type SyntheticEvent,
  useEffect,
  useRef,
  useState,
} from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { Icon } from '../parts/icons.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'

/** Writes to one contact: Enter sends, Shift and Enter starts a line. The text stays until it is stored. */
export function Composer({ contact }: { readonly contact: Contact }): ReactNode {
  const { node, views } = useKith()
  const [text, setText] = useState(() => views.drafts.get(contact.contact) ?? '')
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    // Where nothing but the chat is shown, an on-screen keyboard would cover what was written.
    if (matchMedia('(min-width: 48rem)').matches) field.current?.focus()
  }, [])

  const keep = (draft: string): void => {
    setText(draft)
    views.drafts.set(contact.contact, draft)
  }
  const sending = useAction(async (_signal, sent: string) => {
    // Not cancelled by leaving the chat: what was sent is sent.
    await node.messages.send(contact.contact, { text: sent })
    if (views.drafts.get(contact.contact) === sent) keep('')
  })
  const send = (event?: SyntheticEvent): void => {
    event?.preventDefault()
    if (text.trim() !== '') sending.run(text)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    send(event)
  }
  return (
    <form className="composer" onSubmit={send}>
      {sending.error !== undefined && (
        <ErrorNotice error={sending.error} action="Send again" onAction={() => send()} />
      )}
      <div className="composer-row">
        <textarea
          ref={field}
          aria-label={`Message to ${contact.name}`}
          placeholder="Message"
          dir="auto"
          rows={1}
          value={text}
          onChange={(event) => keep(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="main-button" aria-disabled={text.trim() === ''}>
          <Icon shape="send" />
          Send
        </button>
      </div>
    </form>
  )
}
