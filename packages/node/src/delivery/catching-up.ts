import type { DeviceId } from '@kithmesh/protocol'
import { createEvents, type ExchangesEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import type { PeerEvents } from '../greeting/peers.ts'

/** A sibling that has brought nothing for so long is not waited for: what it holds back is a hole (DEL-59). */
const STALLED_MS = 30_000

/** Whether siblings are bringing what they hold, as after a linking or a week away. */
export interface CatchingUp {
  isNow(): boolean
  readonly events: TypedEvents<{ 'caught-up': object }>
}

/** Follows the exchanges of the account log. */
export function watchCatchingUp(
  context: DeviceContext,
  parts: {
    readonly exchanges: { readonly events: TypedEvents<ExchangesEvents> }
    readonly peers: { readonly events: TypedEvents<PeerEvents> }
  },
): CatchingUp {
  const { clock, scheduler, signal } = context
  const events = createEvents<{ 'caught-up': object }>()
  /** Siblings that still bring something, and when each last did, by the monotonic clock. */
  const bringing = new Map<DeviceId, number>()
  let cancel = (): void => undefined
  signal.addEventListener('abort', () => cancel(), { once: true })

  parts.exchanges.events.addEventListener(
    'sibling:progress',
    ({ detail: { sibling, missing } }) => {
      if (missing > 0) bringing.set(sibling, clock.monotonic())
      else bringing.delete(sibling)
      look()
    },
    { signal },
  )
  parts.peers.events.addEventListener(
    'peer:gone',
    ({ detail: { device } }) => {
      if (bringing.delete(device)) look()
    },
    { signal },
  )

  function look(): void {
    cancel()
    const now = clock.monotonic()
    for (const [sibling, at] of bringing) if (at + STALLED_MS <= now) bringing.delete(sibling)
    if (bringing.size === 0) return events.emit('caught-up', {})
    if (!signal.aborted) cancel = scheduler.schedule(STALLED_MS, look)
  }

  return { isNow: () => bringing.size > 0, events }
}
