import type { DeliveryState } from '@kithmesh/node'
import type { ReactNode } from 'react'

/** How far an own message has come: a tick to see, and the same in words (WEB-7). */
export function DeliveryNote({ delivery }: { readonly delivery: DeliveryState }): ReactNode {
  const { tick, words } = deliveryWords(delivery)
  return (
    <span className="delivery" data-reached={delivery.reached > 0 || undefined}>
      <span aria-hidden="true">{tick}</span> {words}
    </span>
  )
}

/** Tick and words for a state of delivery. */
function deliveryWords({ reached, of, read }: DeliveryState): {
  readonly tick: string
  readonly words: string
} {
  if (read) return { tick: '✓✓', words: 'Read' }
  if (reached === 0) return { tick: '◔', words: `Waiting, 0 of ${of} reached` }
  return { tick: reached < of ? '✓' : '✓✓', words: `Reached ${reached} of ${of}` }
}
