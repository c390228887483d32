import type { Message } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { DeliveryNote } from '../parts/delivery-note.tsx'
import { ClockTime } from '../parts/moment.tsx'
import { StarToggle } from '../parts/star-toggle.tsx'

/** One message. Its words are text and nothing else (C7); their direction is their own (C8). */
export function MessageItem({ message }: { readonly message: Message }): ReactNode {
  return (
    <li className="message" data-self={message.from.self || undefined}>
      <div className="bubble">
        <p className="heard">{message.from.self ? 'You' : <bdi>{message.from.name}</bdi>}</p>
        <p className="words" dir="auto">
          {message.text}
        </p>
      </div>
      <div className="message-foot">
        <ClockTime at={message.at} />
        {message.delivery && <DeliveryNote delivery={message.delivery} />}
        <StarToggle message={message} />
      </div>
    </li>
  )
}
