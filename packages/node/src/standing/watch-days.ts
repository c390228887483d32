import {
  type AccountId,
  type Codec,
  codec,
  type DeviceId,
  deviceId,
  list,
  maySuspend,
  record,
  uint,
} from '@kithmesh/protocol'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged, stagedOps } from '../staged.ts'

/** A device that nobody meets for so many days is idle (OUT-10). */
const IDLE_DAYS = 30
const DAY_MS = 24 * 60 * 60 * 1000
/** Days remembered: a device that was up now and then counts the days it was up. */
const MAX_DAYS = 128
const WATCHED = 'watched days'

/** A day on which this device was up, and whom of its account it met. */
interface WatchedDay {
  /** Days since 1970 UTC. */
  readonly day: number
  readonly met: readonly DeviceId[]
}

const watchedCodec: Codec<readonly WatchedDay[]> = codec(
  list(record({ day: uint(), met: list(deviceId, { max: 64 }) }), { max: MAX_DAYS }),
  { maxBytes: 1 << 20 },
)

/** On which days this device was up and whom it met, and for how long others have not been met. */
export interface WatchDays {
  /** This device is up today. */
  noteUp(): Promise<void>
  /** A device of the account was met today: noted here and, once a day, for the siblings. */
  noteMet(device: DeviceId): Promise<void>
  /** A device came in, or back: it has its 30 days before it. */
  noteIn(device: DeviceId): Promise<void>
  /** Days until a device counts as idle here; undefined for one that never does (OUT-11). */
  daysLeft(device: DeviceId): number | undefined
  /** Devices that are idle, as far as this device can judge. */
  idle(): readonly DeviceId[]
}

/** Reads the days that were watched. */
export async function openWatchDays(
  { tables, store, clock, device: self }: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: AccountState
    readonly logs: DeviceLogs
  },
): Promise<WatchDays> {
  const { account, state, logs } = parts
  const stored = await tables.device.get(WATCHED)
  const days = new Map<number, ReadonlySet<DeviceId>>(
    (stored ? watchedCodec.decode(stored) : []).map(({ day, met }) => [day, new Set(met)]),
  )

  function today(): number {
    return Math.floor(clock.now() / DAY_MS)
  }

  async function noteUp(): Promise<void> {
    if (!days.has(today())) await write(today(), new Set())
  }

  async function noteMet(device: DeviceId): Promise<void> {
    const day = today()
    const met = days.get(day)
    if (!met?.has(device)) await write(day, new Set([...(met ?? []), device]))
    await noteIn(device)
  }

  async function noteIn(device: DeviceId): Promise<void> {
    const day = today()
    if ((state.data.lastMet.get(device) ?? -1) >= day) return
    await state.edit(() => state.data.lastMet.note(device, { by: self, day }))
  }

  async function write(day: number, met: ReadonlySet<DeviceId>): Promise<void> {
    days.set(day, met)
    const oldest = [...days.keys()].sort((a, b) => b - a).slice(MAX_DAYS)
    for (const one of oldest) days.delete(one)
    const all = [...days].map(([one, devices]) => ({ day: one, met: [...devices].slice(0, 64) }))
    await commitStaged(store, [stagedOps(tables.device.put(WATCHED, watchedCodec.encode(all)))])
  }

  /** A note from a clock that is ahead counts as of today: it is no leave for years. */
  function lastMetOn(device: DeviceId): number {
    const { addedAt = 0 } = logs.standing(account, device) ?? {}
    const told = state.data.lastMet.get(device) ?? 0
    const here = [...days].filter(([, met]) => met.has(device)).map(([day]) => day)
    return Math.min(Math.max(told, Math.floor(addedAt / DAY_MS), ...here), today())
  }

  /**
   * Days of silence, as this device can know them: it was up, and either stands above the silent one, or
   * met another sibling, by whom it would know of a meeting (OUT-11).
   */
  function silentDays(device: DeviceId): number {
    const last = lastMetOn(device)
    const isAbove = logs.standing(account, device)?.ancestors.includes(self) ?? false
    return [...days].filter(([day, met]) => {
      const wouldKnow = isAbove || [...met].some((other) => other !== device)
      return day > last && day <= today() && wouldKnow
    }).length
  }

  function daysLeft(device: DeviceId): number | undefined {
    const log = logs.get(account)
    if (!log || logs.accountOf(device) !== account || !maySuspend(log, self, device)) return
    return Math.max(0, IDLE_DAYS - silentDays(device))
  }

  return {
    noteUp,
    noteMet,
    noteIn,
    daysLeft,
    idle: () => logs.devicesOf(account).filter((device) => daysLeft(device) === 0),
  }
}
