import type { Message } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { DateAndTime } from '../parts/moment.tsx'
import { Pane } from '../parts/pane.tsx'
import { StarToggle } from '../parts/star-toggle.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { useKith, useStarred } from '../views/hooks.ts'

/** The starred messages; the same list on every device of the account. */
export function StarredPane(): ReactNode {
  const { views } = useKith()
  return (
    <Pane title="Starred">
      <ViewedContent viewed={useStarred()} view={views.starred}>
        {(messages) => <StarredList messages={messages} />}
      </ViewedContent>
    </Pane>
  )
}

function StarredList({ messages }: { readonly messages: readonly Message[] }): ReactNode {
  if (messages.length === 0) {
    return (
      <p className="pane-body quiet empty">
        Nothing starred. The star below a message keeps it here, on all your devices.
      </p>
    )
  }
  return (
    <ul className="pane-body rows">
      {messages.map((message) => (
        <li key={message.message} className="row-card">
          <p className="words" dir="auto">
            {message.text}
          </p>
          <div className="message-foot">
            {message.from.self ? 'You' : <bdi>{message.from.name}</bdi>}
            <DateAndTime at={message.at} />
            <StarToggle message={message} />
          </div>
        </li>
      ))}
    </ul>
  )
}
