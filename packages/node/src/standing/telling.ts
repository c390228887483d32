import {
  type AccountId,
  type DeviceId,
  equalBytes,
  KithError,
  parseDeviceId,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'

/** A device that was told longer ago than this, and is here, has come back. */
const RETURN_MS = 10 * 60 * 1000

/** Tells devices of our own account that they are out (OUT-7). */
export interface Telling {
  /** Tells those that are connected; each until it has heard. */
  tellConnected(): void
  tell(device: DeviceId): void
  /** It has heard; says whether it has come back to hear it. */
  noteTold(device: DeviceId): boolean
}

/** Telling for one account; `hello` greets a device, whatever it is to us. */
export function createTelling(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: DeviceLogs
    readonly hello: (device: DeviceId) => Promise<void>
  },
): Telling {
  const { net, clock } = context
  const { account, logs, hello } = parts
  /** Every device that was in while this device is up: the log forgets some. */
  const ours = new Set(logs.devicesOf(account))
  const told = new Map<DeviceId, { readonly head: Uint8Array; readonly at: number }>()

  const tellUntilHeard = createRounds((device: DeviceId, asked) =>
    retry(context, {
      what: 'telling a device that it is out',
      attempt: () => tellOnce(device),
      wanted: () => isOut(device) && net.connected().includes(device) && !hasHeard(device),
      asked,
    }),
  )

  async function tellOnce(device: DeviceId): Promise<void> {
    try {
      await hello(device)
      if (isOut(device) && !hasHeard(device)) {
        throw new KithError('ERR_STREAM_ENDED', 'the device did not hear that it is out')
      }
    } finally {
      if (net.connected().includes(device)) cutOff(device)
    }
  }

  /**
   * One that is out for good is not waited for: its connection goes, heard or not. Whose connection
   * broke meanwhile is not kept out: it is told when it comes back.
   */
  function cutOff(device: DeviceId): void {
    if (isOut(device) && !mayComeBack(device)) net.refuse(device)
  }

  function isOut(device: DeviceId): boolean {
    const state = logs.get(account)
    const isOurs = ours.has(device) || (state?.devices.has(device) ?? false)
    return isOurs && logs.accountOf(device) !== account && device !== context.device
  }

  /** A suspended device may ask how it stands; it is told nothing else. */
  function mayComeBack(device: DeviceId): boolean {
    const state = logs.get(account)?.devices.get(device)?.state
    return state === 'suspended' || state === 'held'
  }

  function hasHeard(device: DeviceId): boolean {
    const head = logs.get(account)?.head
    const heard = told.get(device)?.head
    return head !== undefined && heard !== undefined && equalBytes(head, heard)
  }

  function tell(device: DeviceId): void {
    if (isOut(device)) void tellUntilHeard(device)
  }

  function tellConnected(): void {
    const peers = net.connected().map(parseDeviceId)
    for (const device of peers.filter(isOut)) {
      // It was here when it went out: that is no return.
      const before = told.get(device)
      if (!before) told.set(device, { head: NOTHING, at: clock.monotonic() })
      tell(device)
    }
    for (const device of logs.devicesOf(account)) {
      ours.add(device)
      told.delete(device)
    }
  }

  function noteTold(device: DeviceId): boolean {
    const before = told.get(device)
    const head = logs.get(account)?.head ?? NOTHING
    told.set(device, { head, at: clock.monotonic() })
    cutOff(device)
    return !before || clock.monotonic() - before.at > RETURN_MS
  }

  return { tellConnected, tell, noteTold }
}

const NOTHING = new Uint8Array()
