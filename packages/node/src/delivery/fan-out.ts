import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { StoredContent } from '../chats.ts'
import type { Staged } from '../staged.ts'
import type { Outbox } from './outbox.ts'
import type { Sessions } from './sessions.ts'
import type { Undelivered } from './undelivered.ts'

/** What belongs into the batch of contents this device writes, so that they come to the devices of an account. */
export type FanOut = (
  account: AccountId,
  written: readonly StoredContent[],
) => Promise<readonly Staged[]>

/**
 * The contents wait for every device of the account, and for nobody else (A1, DEL-24). For a device that is
 * here and has all that was before, copies are sealed at once, in the same batch; the others get theirs when
 * they come (DEL-25).
 */
export function createFanOut(parts: {
  readonly logs: Pick<DeviceLogs, 'devicesOf'>
  readonly sessions: Pick<Sessions, 'has' | 'sealAll'>
  readonly outbox: Pick<Outbox, 'stageAdd'>
  readonly undelivered: Pick<Undelivered, 'stageAdd'>
  /** Whether so much of what is written now may go into the outbox of a device: nothing of before is missing there. */
  readonly isCaughtUp: (device: DeviceId, count: number) => boolean
}): FanOut {
  const { logs, sessions, outbox, undelivered, isCaughtUp } = parts

  async function copiesFor(
    account: AccountId,
    recipient: DeviceId,
    written: readonly StoredContent[],
  ): Promise<() => readonly Staged[]> {
    const to = { account, device: recipient }
    const copies = written.map(({ bytes, content }) => ({ plaintext: bytes, chat: content.chat }))
    // The first message of all to a device is sealed by the lane, to a card made for it (SES-24).
    const sealed = (await sessions.has(to)) && (await sessions.sealAll(to, copies))
    if (!sealed) return () => written.map(({ message }) => outbox.stageAdd({ recipient, message }))
    const entries = written.map(({ message }) => ({ recipient, message }))
    return () =>
      sealed.stage((envelope, at) => {
        const entry = entries[at]
        return entry ? outbox.stageAdd({ ...entry, envelope }) : NOTHING
      })
  }

  return async (account, written) => {
    // First of all: from here on nobody counts as caught up who was not (DEL-15).
    const waits = written.map(undelivered.stageAdd)
    try {
      const devices = logs.devicesOf(account).filter((device) => isCaughtUp(device, written.length))
      const copies = await Promise.all(devices.map((device) => copiesFor(account, device, written)))
      // Only when all are sealed: what is staged has to be written.
      return [...waits, ...copies.flatMap((stage) => stage())]
    } catch (error) {
      for (const one of waits) one.discard?.()
      throw error
    }
  }
}

const NOTHING: Staged = { ops: () => [] }
