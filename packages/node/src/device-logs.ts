import {
  type AccountId,
  type DeviceId,
  type DeviceLogState,
  type DeviceStanding,
  devicesIn,
  entryIdOfBody,
  equalBytes,
  mergeDeviceLogs,
  reduceDeviceLog,
  restoreDeviceLog,
  type SignedEntry,
} from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from './context.ts'
import type { Staged } from './staged.ts'

/** `detail` by event name. */
export interface DeviceLogEvents {
  /** The set of devices of an account that count is another than before. */
  'log:changed': { readonly account: AccountId; readonly state: DeviceLogState }
}

/** The verified device logs of this account and of its contacts: who may speak for whom. */
export interface DeviceLogs {
  readonly events: TypedEvents<DeviceLogEvents>
  get(account: AccountId): DeviceLogState | undefined
  accounts(): readonly AccountId[]
  /** The account a device is in now; undefined for strangers, held and unlinked devices (DEV-1). */
  accountOf(device: DeviceId): AccountId | undefined
  standing(account: AccountId, device: DeviceId): DeviceStanding | undefined
  /** Devices of an account that are in, in the order of the log. */
  devicesOf(account: AccountId): readonly DeviceId[]
  /** Takes entries into the log of an account; undefined when nothing is new. Refused entries are not kept. */
  stage(account: AccountId, entries: readonly SignedEntry[]): Staged | undefined
}

/** Reads the logs kept on disk: verified before they came there, and sealed since (STO-20). */
export async function openDeviceLogs(context: DeviceContext): Promise<DeviceLogs> {
  const { tables } = context
  const events = createEvents<DeviceLogEvents>()
  const states = new Map<AccountId, DeviceLogState>()
  const accountsByDevice = new Map<DeviceId, AccountId>()

  const entriesByAccount = new Map<AccountId, SignedEntry[]>()
  for await (const [[account], entry] of tables.logEntries.entries()) {
    const entries = entriesByAccount.get(account) ?? []
    entries.push(entry)
    entriesByAccount.set(account, entries)
  }
  for (const [account, entries] of entriesByAccount) remember(restoreDeviceLog(account, entries))

  function remember(state: DeviceLogState): void {
    const before = states.get(state.account)
    for (const device of before?.devices.keys() ?? []) accountsByDevice.delete(device)
    states.set(state.account, state)
    for (const [device, standing] of state.devices) {
      if (standing.state === 'in') accountsByDevice.set(device, state.account)
    }
  }

  function stage(account: AccountId, entries: readonly SignedEntry[]): Staged | undefined {
    const before = states.get(account)
    const after = before ? mergeDeviceLogs(before, entries) : reduceDeviceLog(account, entries)
    if (before === after) return undefined
    const known = new Set(before?.entries.map(({ body }) => entryIdOfBody(body)))
    const fresh = after.entries.filter(({ body }) => !known.has(entryIdOfBody(body)))
    return {
      ops: () =>
        fresh.map((entry) => tables.logEntries.put([account, entryIdOfBody(entry.body)], entry)),
      publish: () => {
        // Another merge may have been published since this one was staged: take both.
        const now = states.get(account)
        const state = now && now !== before ? mergeDeviceLogs(now, entries) : after
        remember(state)
        if (!now || !equalBytes(now.head, state.head))
          events.emit('log:changed', { account, state })
      },
    }
  }

  function devicesOf(account: AccountId): readonly DeviceId[] {
    const state = states.get(account)
    return state ? devicesIn(state, { now: context.clock.now() }).map(({ device }) => device) : []
  }

  return {
    events,
    get: (account) => states.get(account),
    accounts: () => [...states.keys()],
    accountOf: (device) => {
      const account = accountsByDevice.get(device)
      return account && devicesOf(account).includes(device) ? account : undefined
    },
    standing: (account, device) => states.get(account)?.devices.get(device),
    devicesOf,
    stage,
  }
}
