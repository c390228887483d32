import type { Contact, Verification } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { FaultNotice } from '../parts/error-notice.tsx'
import { useContacts } from '../views/hooks.ts'

/** What comparing came to, in words: what it says, and what it means (WEB-31). */
export function VerificationNotice({
  outcome,
  name,
}: {
  readonly outcome: Verification
  readonly name: string
}): ReactNode {
  const contacts = useContacts()
  const known = contacts.state === 'ready' ? contacts.value : []
  switch (outcome.kind) {
    case 'verified':
      return (
        <p role="status" className="success">
          The same on both. <bdi>{name}</bdi> is verified.
        </p>
      )
    case 'logs-differ':
      return (
        <p role="status" className="warning">
          The right account: <bdi>{name}</bdi> is verified. One of the two screens knew an older
          list of devices; they bring each other up to date now. Compare once more in a while.
        </p>
      )
    case 'different':
      return (
        <FaultNotice
          fault={{
            happened: 'Their screen shows another code than this one.',
            means: `Make sure that ${name} has opened the code with you, and compare again. If it stays, somebody may stand between you: do not trust what you read here.`,
          }}
        />
      )
    case 'another-person':
      return (
        <FaultNotice
          fault={{
            happened: `That is the code of ${nameOf(outcome.contact, known) ?? 'other people'}.`,
            means: `Nothing was changed. Take the code that ${name} shows for you.`,
          }}
        />
      )
    case 'own-code':
      return (
        <FaultNotice
          fault={{
            happened: 'That is the code on your own screen.',
            means: `Nothing was changed. Take the one on the screen of ${name}.`,
          }}
        />
      )
    case 'unreadable':
      return (
        <FaultNotice
          fault={{
            happened: 'That is no whole security code.',
            means: 'Nothing was changed. It begins with WEB+KITH:V/. Copy or scan it again.',
          }}
        />
      )
  }
}

function nameOf(
  account: Contact['contact'] | undefined,
  contacts: readonly Contact[],
): string | undefined {
  return contacts.find(({ contact }) => contact === account)?.name
}
