import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { StoredContent } from '../chats.ts'
import type { Staged } from '../staged.ts'
import type { Outbox } from './outbox.ts'
import type { Sessions } from './sessions.ts'
import type { Undelivered } from './undelivered.ts'

/** What belongs into the batch of a content this device writes, so that it comes to the devices of an account. */
export type FanOut = (account: AccountId, stored: StoredContent) => Promise<readonly Staged[]>

/**
 * The content waits for every device of the account, and for nobody else (A1, DEL-24). For a device that is
 * here and has all that was before, a copy is sealed at once, in the same batch; the others get theirs when
 * they come (DEL-25).
 */
export function createFanOut(parts: {
  readonly logs: Pick<DeviceLogs, 'devicesOf'>
  readonly sessions: Pick<Sessions, 'has' | 'seal'>
  readonly outbox: Pick<Outbox, 'stageAdd'>
  readonly undelivered: Pick<Undelivered, 'stageAdd'>
  /** Whether what is written now may go into the outbox of a device: nothing of before is missing there. */
  readonly isCaughtUp: (device: DeviceId) => boolean
}): FanOut {
  const { logs, sessions, outbox, undelivered, isCaughtUp } = parts

  async function copyFor(
    account: AccountId,
    recipient: DeviceId,
    { message, content, bytes }: StoredContent,
  ): Promise<() => readonly Staged[]> {
    const to = { account, device: recipient }
    // The first message of all to a device is sealed by the lane, to a card made for it (SES-24).
    const sealed = (await sessions.has(to)) && (await sessions.seal(to, bytes, content.chat))
    if (!sealed) return () => [outbox.stageAdd({ recipient, message })]
    return () => sealed.stage((envelope) => outbox.stageAdd({ recipient, message, envelope }))
  }

  return async (account, stored) => {
    // First of all: from here on nobody counts as caught up who was not (DEL-15).
    const waits = undelivered.stageAdd(stored)
    try {
      const devices = logs.devicesOf(account).filter(isCaughtUp)
      const copies = await Promise.all(devices.map((device) => copyFor(account, device, stored)))
      // Only when all are sealed: what is staged has to be written.
      return [waits, ...copies.flatMap((stage) => stage())]
    } catch (error) {
      waits.discard?.()
      throw error
    }
  }
}
