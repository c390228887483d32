import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import type { Peers } from './peers.ts'

/** How often it is looked whether a week is over; a timer of a week would not count while the machine sleeps. */
const LOOK_MS = 60 * 60 * 1000
/** Whoever stays connected is greeted again that often, so that cards of others go round, too. */
const GREET_MS = 24 * 60 * 60 * 1000

/**
 * Renews this device's card while it runs and erases the secrets of old ones (SES-3); whoever is connected
 * is greeted when there is a new one, by the peers. Once a day they are greeted in any case (SES-20).
 */
export function startCardRotation(
  { clock, scheduler, signal, logger }: DeviceContext,
  { cards, peers }: { readonly cards: Cards; readonly peers: Pick<Peers, 'announce'> },
): void {
  let greetedAt = clock.monotonic()
  let cancel = scheduler.schedule(LOOK_MS, look)
  signal.addEventListener('abort', () => cancel())

  function look(): void {
    cancel = scheduler.schedule(LOOK_MS, look)
    cards.renew().catch((error: unknown) => {
      if (!signal.aborted) logger.warn('the device card is not renewed', { code: codeOf(error) })
    })
    if (clock.monotonic() - greetedAt < GREET_MS) return
    greetedAt = clock.monotonic()
    peers.announce()
  }
}
