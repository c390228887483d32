import type { Contact } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { useAction } from '../views/action.ts'
import { useContacts, useKith } from '../views/hooks.ts'

/** What a person has to know of a contact's account before writing to it (WEB-32). */
export function AccountNotice({
  contact,
  onCompare,
}: {
  readonly contact: Contact
  readonly onCompare: () => void
}): ReactNode {
  if (contact.changed) return <NewAccount contact={contact} onCompare={onCompare} />
  if (contact.alert !== undefined) return <Alert contact={contact} onCompare={onCompare} />
  if (contact.maybeReplaces !== undefined) return <MaybeSame contact={contact} />
  return null
}

function NewAccount({
  contact,
  onCompare,
}: {
  readonly contact: Contact
  readonly onCompare: () => void
}): ReactNode {
  const { node } = useKith()
  const accepting = useAction(async (signal) => {
    await node.contacts.accept(contact.contact, { signal })
  })
  return (
    <section className="account-notice warning" aria-label="New account">
      <p className="notice-title">
        <bdi>{contact.name}</bdi> has a new account, and a new security code.
      </p>
      <p className="notice-text">
        {contact.held
          ? 'You had verified the old one, so nothing is sent until you accept this one. It may be somebody else: compare the code first.'
          : 'That happens when somebody loses every device and the recovery words. What you write goes to the new account.'}
      </p>
      {accepting.error !== undefined && (
        <ErrorNotice error={accepting.error} action="Try again" onAction={() => accepting.run()} />
      )}
      <div className="row">
        <button type="button" className="main-button" onClick={onCompare}>
          Compare
        </button>
        <button type="button" onClick={() => accepting.run()}>
          Accept
        </button>
      </div>
    </section>
  )
}

function Alert({
  contact,
  onCompare,
}: {
  readonly contact: Contact
  readonly onCompare: () => void
}): ReactNode {
  const isForked = contact.alert === 'forked'
  return (
    <section className="account-notice warning" aria-label="Alert">
      <p className="notice-title">
        {isForked
          ? 'Two different lists of devices were signed in this account.'
          : 'Their screen showed another list of devices than the one that reaches you.'}
      </p>
      <p className="notice-text">
        {isForked
          ? 'A device of theirs was copied, restored from a backup, or stolen. Tell them; they can unlink it.'
          : 'Somebody may keep something from you. Compare the code again when you meet.'}
      </p>
      <div className="row">
        <button type="button" onClick={onCompare}>
          Compare
        </button>
      </div>
    </section>
  )
}

function MaybeSame({ contact }: { readonly contact: Contact }): ReactNode {
  const { node } = useKith()
  const contacts = useContacts()
  const earlier =
    contacts.state === 'ready'
      ? contacts.value.find((one) => one.contact === contact.maybeReplaces)
      : undefined
  const joining = useAction(async (signal) => {
    if (earlier) await node.contacts.replace(earlier.contact, contact.contact, { signal })
  })
  if (!earlier) return null
  return (
    <section className="account-notice warning" aria-label="Maybe the same person">
      <p className="notice-title">
        Is this <bdi>{earlier.name}</bdi> with a new account?
      </p>
      <p className="notice-text">
        A device of this contact belonged to <bdi>{earlier.name}</bdi> before. If it is the same
        person, both chats become one.
      </p>
      {joining.error !== undefined && (
        <ErrorNotice error={joining.error} action="Try again" onAction={() => joining.run()} />
      )}
      <div className="row">
        <button type="button" onClick={() => joining.run()}>
          Yes, the same person
        </button>
      </div>
    </section>
  )
}
