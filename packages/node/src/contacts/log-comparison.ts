import {
  type AccountId,
  type DeviceLogState,
  isSameHead,
  type LogMark,
  parseSecurityQr,
  type SecurityView,
} from '@kithmesh/protocol'
import type { ContactsView } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import type { KnownPeer, Peers } from '../greeting/peers.ts'

/** What became of device logs that a person saw to be different on two screens. */
export interface LogComparison {
  /** Exchanges logs with the contact's devices until this device knows what `scanned` says, or an alert stands. */
  watch(contact: AccountId, scanned: string): void
  /** They were compared again and are the same. */
  forget(contact: AccountId): void
}

/** One hello may have begun before the code was scanned; the one after it had everything to say. */
const HELLOS_BEFORE_ALERT = 2

/**
 * A scanned code says how long the logs are on the other's screen. When two whole hellos later this device
 * still does not hold as much, what reaches it is not what they hold: an alert on every own device (ID-14).
 */
export function startLogComparison(
  { signal, clock, logger }: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: Pick<AccountState, 'edit'> & {
      readonly data: { readonly contacts: Pick<ContactsView, 'edit'> }
    }
    readonly logs: DeviceLogs
    readonly peers: Pick<Peers, 'events' | 'greet'>
  },
): LogComparison {
  const { account, state, logs, peers } = parts
  const watched = new Map<AccountId, { readonly there: SecurityView; hellos: number }>()

  peers.events.addEventListener('peer:greeted', ({ detail }) => void greeted(detail), { signal })
  logs.events.addEventListener('log:changed', () => void settleAll(), { signal })

  function watch(contact: AccountId, scanned: string): void {
    watched.set(contact, { there: parseSecurityQr(scanned), hellos: 0 })
    for (const device of logs.devicesOf(contact)) peers.greet(device)
  }

  async function greeted({ account: contact, device }: KnownPeer): Promise<void> {
    const watching = watched.get(contact)
    if (!watching || (await settle(contact))) return
    watching.hellos += 1
    if (watching.hellos === HELLOS_BEFORE_ALERT) return setAlert(contact, clock.now())
    if (watching.hellos < HELLOS_BEFORE_ALERT) peers.greet(device)
  }

  async function settleAll(): Promise<void> {
    for (const contact of [...watched.keys()]) await settle(contact)
  }

  async function settle(contact: AccountId): Promise<boolean> {
    const there = watched.get(contact)?.there
    if (!there) return true
    const lacks =
      isLacking(logs.get(account), there.theirs.log) || isLacking(logs.get(contact), there.own.log)
    if (lacks) return false
    watched.delete(contact)
    await setAlert(contact, undefined)
    return true
  }

  async function setAlert(contact: AccountId, logAlertAt: number | undefined): Promise<void> {
    try {
      await state.edit(() => state.data.contacts.edit(contact, { logAlertAt }))
    } catch {
      logger.warn('what a comparison of device logs came to is not written yet')
    }
  }

  return { watch, forget: (contact) => void watched.delete(contact) }
}

/** What is longer here has grown since, or had more to begin with. */
function isLacking(here: DeviceLogState | undefined, there: LogMark): boolean {
  if (!here) return true
  return !isSameHead(here.head, there.head) && here.entries.length <= there.size
}
