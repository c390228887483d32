import type { DeliveryState } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { ClockTime, dayAndMonth } from './moment.tsx'

/** How far an own message has come: a tick to see, and the same in words (WEB-7). */
export function DeliveryNote({ delivery }: { readonly delivery: DeliveryState }): ReactNode {
  const { tick, words } = WORDS[delivery.state](delivery)
  return (
    <span className="delivery" data-state={delivery.state}>
      <span aria-hidden="true">{tick}</span> {words}
      {delivery.readAt !== undefined && (
        <>
          {' '}
          <ClockTime at={delivery.readAt} />
        </>
      )}
    </span>
  )
}

/** What one message waits for; the same text means the same reason. */
export function reasonOf(delivery: DeliveryState | undefined): string | undefined {
  const { waiting } = delivery ?? {}
  return waiting && waiting.reason !== 'sending' ? waiting.text : undefined
}

/** Where a message stands still: why, and until when it is tried (WEB-50). */
export function DeliveryReason({ delivery }: { readonly delivery: DeliveryState }): ReactNode {
  const reason = reasonOf(delivery)
  if (reason === undefined) return null
  const until = delivery.waiting?.until
  return (
    <p className="delivery-reason">
      <bdi>{reason}</bdi>
      {until !== undefined && ` · tried until ${dayAndMonth(until)}`}
    </p>
  )
}

interface Words {
  readonly tick: string
  readonly words: string
}

/** Tick and words for each state. */
const WORDS: Readonly<Record<DeliveryState['state'], (state: DeliveryState) => Words>> = {
  here: ({ waiting }) =>
    waiting?.reason === 'sending'
      ? { tick: '◔', words: 'Sending' }
      : { tick: '◔', words: 'On this device only' },
  sibling: ({ waiting }) =>
    waiting?.reason === 'sending'
      ? { tick: '◑', words: 'Sending' }
      : { tick: '◑', words: 'On your devices' },
  reached: ({ reached, of }) => ({
    tick: reached < of ? '✓' : '✓✓',
    words: `Reached ${reached} of ${of}`,
  }),
  read: () => ({ tick: '✓✓', words: 'Read' }),
  ended: () => ({ tick: '✗', words: 'Not delivered' }),
}
