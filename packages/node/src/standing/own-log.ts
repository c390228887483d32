import type { AccountId } from '@kithmesh/protocol'
import type { EpochRing } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import type { Peers } from '../greeting/peers.ts'
import type { LogIntake } from './log-intake.ts'

/**
 * What follows each change of who is in this account, whichever way it came: an epoch where one is due
 * and did not come along (OUT-2), and the account log brought in line (ALOG-18).
 */
export function followOwnLog(
  { signal, logger }: Pick<DeviceContext, 'signal' | 'logger'>,
  parts: {
    readonly account: AccountId
    readonly logs: DeviceLogs
    readonly intake: LogIntake
    readonly state: Pick<AccountState, 'membersChanged'>
  },
): void {
  const { account, logs, intake, state } = parts

  async function follow(): Promise<void> {
    await intake.takeOwn({ entries: [] })
    await state.membersChanged()
  }

  function followNow(): void {
    follow().catch((error: unknown) => {
      if (!signal.aborted) logger.warn('a change of devices is not done', { code: codeOf(error) })
    })
  }

  logs.events.addEventListener(
    'log:changed',
    ({ detail }) => {
      if (detail.account === account) followNow()
    },
    { signal },
  )
  // An expiry passed, or a crash came, while this device was off.
  followNow()
}

/**
 * Hands each new epoch to the siblings that are connected, whoever made it: until they have it they can
 * read nothing that is written under it (OUT-4). Ends where nobody lacks one.
 */
export function shareEpochs(
  { signal }: Pick<DeviceContext, 'signal'>,
  {
    account,
    logs,
    ring,
    peers,
  }: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'devicesOf'>
    readonly ring: Pick<EpochRing, 'onAdded'>
    readonly peers: Pick<Peers, 'greet' | 'accountOf'>
  },
): void {
  const stop = ring.onAdded(() => {
    for (const device of logs.devicesOf(account)) {
      if (peers.accountOf(device) === account) peers.greet(device)
    }
  })
  signal.addEventListener('abort', stop, { once: true })
}
