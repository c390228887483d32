import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { StoredContent } from '../chats.ts'
import type { Staged } from '../staged.ts'
import type { Outbox } from './outbox.ts'
import type { Sessions } from './sessions.ts'

/** Seals one content once for every device of an account, or for some, and puts each copy into the outbox. */
export type FanOut = (
  account: AccountId,
  stored: StoredContent,
  devices?: readonly DeviceId[],
) => Promise<readonly Staged[]>

/** One sealed copy per device that is in the account's log now; nobody else ever gets a copy (A1). */
export function createFanOut(parts: {
  readonly logs: DeviceLogs
  readonly sessions: Sessions
  readonly outbox: Outbox
  /** Whether a device is here now, and can be asked for a card of its own. */
  readonly isConnected: (device: DeviceId) => boolean
}): FanOut {
  const { sessions, outbox, isConnected } = parts
  const copy = async (
    account: AccountId,
    recipient: DeviceId,
    { message, content, bytes }: StoredContent,
  ): Promise<() => readonly Staged[]> => {
    const to = { account, device: recipient }
    // The first message of all to a device that is here is sealed by the lane, to a card made for it (SES-24).
    const isFirst = isConnected(recipient) && !(await sessions.has(to))
    const sealed = isFirst ? undefined : await sessions.seal(to, bytes, content.chat)
    // Without a card, too, the copy waits unsealed; the lane seals it when the card is there (DEL-14).
    if (!sealed) return () => [outbox.stageAdd({ recipient, message })]
    return () => sealed.stage((envelope) => outbox.stageAdd({ recipient, message, envelope }))
  }
  return async (account, stored, devices = parts.logs.devicesOf(account)) => {
    const copies = await Promise.all(devices.map((device) => copy(account, device, stored)))
    // Only when all are sealed: what is staged has to be written.
    return copies.flatMap((stage) => stage())
  }
}
