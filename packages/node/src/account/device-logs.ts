import {
  type AccountId,
  type DeviceId,
  type DeviceLogState,
  type DeviceStanding,
  devicesIn,
  equalBytes,
  isKithError,
  KithError,
  mergeDeviceLogs,
  reduceDeviceLog,
  restoreDeviceLog,
  type SignedEntry,
} from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from '../context.ts'
import { createSerial } from '../serial.ts'
import type { Staged } from '../staged.ts'

/** `detail` by event name. */
export interface DeviceLogEvents {
  /** The log of an account says something else than before, or a device of it has expired. */
  'log:changed': { readonly account: AccountId; readonly state: DeviceLogState }
}

/** Entries on their way into a log. */
export interface StagedLog extends Staged {
  /** What the log says with them. */
  readonly state: DeviceLogState
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
  /**
   * Takes entries into the log of an account; undefined when nothing is new. Refused entries are not
   * kept. What the entries bring along is staged by {@link LogIntake}, which is what others call.
   */
  stage(account: AccountId, entries: readonly SignedEntry[]): StagedLog | undefined
  /**
   * Runs what writes an entry of this device, from reading its last entry to the disk, one after
   * another: two entries in one place would look like a stolen key, for ever (OUT-1).
   */
  authoring<T>(task: () => Promise<T>): Promise<T>
  /** A device of an account has expired: tells so as if its log had changed (OUT-9). */
  recheck(account: AccountId): void
}

/** Reads the logs kept on disk: verified before they came there, and sealed since (STO-20). */
export async function openDeviceLogs(context: DeviceContext): Promise<DeviceLogs> {
  const { tables } = context
  const events = createEvents<DeviceLogEvents>()
  const states = new Map<AccountId, DeviceLogState>()
  const accountsByDevice = new Map<DeviceId, AccountId>()
  const serial = createSerial<'entry'>()

  const entriesByAccount = new Map<AccountId, SignedEntry[]>()
  for await (const [[account], entry] of tables.logEntries.entries()) {
    const entries = entriesByAccount.get(account) ?? []
    entries.push(entry)
    entriesByAccount.set(account, entries)
  }
  /** Logs whose first entry the store has lost: what is left of them counts again when it comes back. */
  const rootless = new Map<AccountId, readonly SignedEntry[]>()
  for (const [account, entries] of entriesByAccount) {
    const state = restored(context, account, entries)
    if (state) remember(state)
    else rootless.set(account, entries)
  }

  function remember(state: DeviceLogState): void {
    const before = states.get(state.account)
    for (const device of before?.devices.keys() ?? []) accountsByDevice.delete(device)
    states.set(state.account, state)
    for (const [device, standing] of state.devices) {
      if (standing.state === 'in') accountsByDevice.set(device, state.account)
    }
  }

  function stage(account: AccountId, entries: readonly SignedEntry[]): StagedLog | undefined {
    const before = states.get(account)
    const after = before
      ? mergeDeviceLogs(before, entries)
      : reduceDeviceLog(account, [...(rootless.get(account) ?? []), ...entries])
    if (before === after) return undefined
    const known: DeviceLogState['genuine'] = before?.genuine ?? new Map()
    const fresh = [...after.genuine.values()].filter(({ id }) => !known.has(id))
    // What was unlinked, or written before a recovery, never counts again: no flood stays on disk.
    const gone = [...known.keys()].filter((id) => !after.genuine.has(id))
    return {
      state: after,
      ops: () => [
        ...fresh.map(({ id, signed }) => tables.logEntries.put([account, id], signed)),
        ...gone.map((id) => tables.logEntries.delete([account, id])),
      ],
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
    authoring: (task) => serial('entry', task),
    recheck: (account) => {
      const state = states.get(account)
      if (state) events.emit('log:changed', { account, state })
    },
  }
}

/**
 * Undefined where the store is known to have lost the first entry: siblings have the log, or the spare
 * (STO-50). @throws ERR_STORE_CORRUPT where nobody has counted yet (STO-46)
 */
function restored(
  { store, logger }: DeviceContext,
  account: AccountId,
  entries: readonly SignedEntry[],
): DeviceLogState | undefined {
  try {
    return restoreDeviceLog(account, entries)
  } catch (cause) {
    if (!isKithError(cause)) throw cause
    if (store.damage.length === 0) {
      throw new KithError('ERR_STORE_CORRUPT', 'a device log is damaged', { cause })
    }
    logger.warn('a device log is waited for', { code: cause.code })
    return undefined
  }
}
