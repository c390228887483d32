import type { AccountId } from '@kithmesh/protocol'
import type { AccountState } from './account-state.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { codeOf } from './faults.ts'
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
