import { type AccountId, type DeviceId, type DeviceLogState, mayUnlink } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { nextExpiry } from './removals.ts'

/** Timers hold 31 bits of milliseconds, and clocks are set: whoever waits longer looks again (OUT-9). */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000

/** A device whose clock is ahead must not unlink one whose time is not over (OUT-17). */
const ENDED_MS = 24 * 60 * 60 * 1000

/**
 * Devices whose time has been over for a day and that `self` may unlink: until somebody does, each keeps
 * its place among the eight (LOG-11).
 */
export function endedDevices(
  state: DeviceLogState,
  { self, now }: { readonly self: DeviceId; readonly now: number },
): readonly DeviceId[] {
  return [...state.devices.values()]
    .filter((standing) => standing.state !== 'revoked')
    .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt + ENDED_MS <= now)
    .map(({ device }) => device)
    .filter((device) => mayUnlink(state, self, device))
}

/** Tells as of a change of its log when a device expires, of this account or of a contact. */
export function watchExpiry(
  { clock, scheduler, signal }: Pick<DeviceContext, 'clock' | 'scheduler' | 'signal'>,
  logs: DeviceLogs,
): void {
  const cancels = new Map<AccountId, () => void>()
  for (const account of logs.accounts()) watch(account)
  logs.events.addEventListener('log:changed', ({ detail }) => watch(detail.account), { signal })
  signal.addEventListener('abort', () => {
    for (const cancel of cancels.values()) cancel()
  })

  function watch(account: AccountId): void {
    cancels.get(account)?.()
    cancels.delete(account)
    const state = logs.get(account)
    const at = state && nextExpiry(state, { now: clock.now() })
    if (at === undefined || signal.aborted) return
    const wait = Math.min(Math.max(at - clock.now(), 0), LONGEST_WAIT_MS)
    cancels.set(
      account,
      scheduler.schedule(wait, () => look(account, at)),
    )
  }

  function look(account: AccountId, at: number): void {
    if (clock.now() >= at) logs.recheck(account)
    else watch(account)
  }
}
