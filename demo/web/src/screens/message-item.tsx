import type { Message } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { DeliveryNote, DeliveryReason } from '../parts/delivery-note.tsx'
import { ClockTime } from '../parts/moment.tsx'
import { StarToggle } from '../parts/star-toggle.tsx'
import { FOOT_OF } from '../views/reading.ts'

/** One message. Its words are text and nothing else (C7); their direction is their own (C8). */
export function MessageItem({
  message,
  isReasonShown = true,
}: {
  readonly message: Message
  /** Whether it says what it waits for; else the next one does. */
  readonly isReasonShown?: boolean
}): ReactNode {
  return (
    <li className="message" data-self={message.from.self || undefined}>
      <div className="bubble">
        <p className="heard">{message.from.self ? 'You' : <bdi>{message.from.name}</bdi>}</p>
        <p className="words" dir="auto">
          {message.text}
        </p>
      </div>
      <div className="message-foot" {...{ [FOOT_OF]: message.message }}>
        <ClockTime at={message.at} />
        {message.unread && <span className="news">New</span>}
        {message.delivery && <DeliveryNote delivery={message.delivery} />}
        <StarToggle message={message} />
      </div>
      {isReasonShown && message.delivery && <DeliveryReason delivery={message.delivery} />}
    </li>
  )
}
