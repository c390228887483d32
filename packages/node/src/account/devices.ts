import {
  type AccountId,
  type DeviceId,
  type DeviceStanding,
  KithError,
  mayReadmit,
  maySuspend,
  mayUnlink,
} from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { Device } from '../api/devices.ts'
import type { NodeEvents } from '../api/events.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import type { HistoryApprovals } from '../linking/history-approvals.ts'
import type { UnfinishedLinks } from '../linking/unfinished.ts'
import { requireName } from '../names.ts'
import type { AccountState } from './account-state.ts'
import type { DeviceLogs } from './device-logs.ts'

/** The linked devices of this account: standing from the device log, names from the account data. */
export interface Devices {
  list(options?: CallOptions): Promise<readonly Device[]>
  rename(device: DeviceId, name: string, options?: CallOptions): Promise<Device>
  /** @throws ERR_NOT_FOUND */
  require(device: DeviceId): Device
  /** What a device of this account is called. */
  nameOf(device: DeviceId): string
}

/** Devices of one account. */
export function createDevices(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: AccountState
    readonly logs: DeviceLogs
    readonly events: EventSource<NodeEvents>
    /** Records a sibling is not known to have. */
    readonly pendingFor: (device: DeviceId) => number
    /** Days until a device counts as idle. */
    readonly idleIn: (device: DeviceId) => number | undefined
    readonly approvals: HistoryApprovals
    readonly unfinished: Pick<UnfinishedLinks, 'has' | 'events'>
  },
): Devices {
  const { account, state, logs, events, approvals, unfinished } = parts
  const { net, signal } = context
  let known = new Set(logs.devicesOf(account))
  /** Every device of the log so far: who comes back was not linked anew. */
  const listed = new Set(logs.get(account)?.devices.keys())

  logs.events.addEventListener(
    'log:changed',
    ({ detail }) => {
      if (detail.account === account) announceLinked()
    },
    { signal },
  )
  state.data.events.addEventListener('device:renamed', ({ detail }) => changed(detail.device), {
    signal,
  })
  net.addEventListener(
    'reachability:changed',
    ({ detail }) => {
      for (const device of known) if (device === detail.peer) changed(device)
    },
    { signal },
  )

  approvals.events.addEventListener(
    'history:approved',
    ({ detail }) => {
      for (const device of known) {
        if (logs.standing(account, device)?.addedBy === detail.place) changed(device)
      }
    },
    { signal },
  )

  unfinished.events.addEventListener('unfinished:changed', ({ detail }) => changed(detail.device), {
    signal,
  })

  function announceLinked(): void {
    const now = new Set(logs.devicesOf(account))
    for (const device of now) {
      if (known.has(device)) continue
      if (listed.has(device)) changed(device)
      else events.emit('device:linked', require(device))
    }
    for (const device of logs.get(account)?.devices.keys() ?? []) listed.add(device)
    for (const device of known) if (!now.has(device)) removed(device)
    known = now
  }

  /** Of a device below an unlinked one, or of before a recovery, the log says nothing any more. */
  function removed(device: DeviceId): void {
    changed(device)
    events.emit('device:removed', view(device) ?? goneView(device))
  }

  function changed(device: DeviceId): void {
    const now = view(device)
    if (now) events.emit('device:changed', now)
  }

  function view(device: DeviceId): Device | undefined {
    const standing = logs.standing(account, device)
    if (!standing) return undefined
    const self = device === context.device
    const { path, over, reason } = net.reachability(device)
    const lastSeen = lastSeenOf(standing)
    const idleIn = parts.idleIn(device)
    const isUnfinished = standing.state === 'in' && unfinished.has(device)
    const isOver = (standing.expiresAt ?? Number.POSITIVE_INFINITY) <= context.clock.now()
    return {
      ...namesOf(device),
      state: isOver && standing.state === 'in' ? 'unlinked' : STATES[standing.state],
      addedAt: standing.addedAt,
      path: self ? 'this' : path,
      ...(self || over === undefined ? {} : { over }),
      reason: self ? 'this device' : isUnfinished ? UNFINISHED : reason,
      pending: self ? 0 : parts.pendingFor(device),
      ...historyOf(standing),
      ...rightsOver(device),
      ...(lastSeen === undefined || self ? {} : { lastSeen }),
      ...(idleIn === undefined ? {} : { idleIn }),
      ...(isUnfinished ? { unfinished: true } : {}),
    }
  }

  function goneView(device: DeviceId): Device {
    return {
      ...namesOf(device),
      state: 'unlinked',
      addedAt: 0,
      path: 'away',
      reason: 'it is out of the account',
      pending: 0,
      ...rightsOver(device),
    }
  }

  function namesOf(device: DeviceId): Pick<Device, 'device' | 'name' | 'kind' | 'this'> {
    const self = device === context.device
    const kind = state.data.devices.get(device)?.kind ?? (self ? context.kind : 'unknown')
    return { device, name: nameOf(device), kind, this: self }
  }

  function nameOf(device: DeviceId): string {
    const self = device === context.device
    const known = state.data.devices.get(device)?.name
    return known ?? (self ? context.name : 'a device without a name')
  }

  /** By this device, else on the day on which a sibling met it: a day begins before who came in on it. */
  function lastSeenOf({ device, addedAt }: DeviceStanding): number | undefined {
    const day = state.data.lastMet.get(device)
    const met = day === undefined ? undefined : Math.max(day * DAY_MS, addedAt)
    return net.reachability(device).lastSeen ?? met
  }

  function historyOf(standing: DeviceStanding): Partial<Device> {
    const { device, takenInBy, expiresAt, suspensions } = standing
    const waitsUntil = approvals.waitsUntil(device)
    const since = state.data.devices.get(device)?.historySince
    const newest = suspensions.toSorted((a, b) => b.at - a.at)[0]
    return {
      ...(takenInBy === undefined ? {} : { linkedBy: takenInBy }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(waitsUntil === undefined ? {} : { historyAt: waitsUntil }),
      ...(since === undefined ? {} : { historySince: since }),
      ...(newest ? { suspended: { reason: newest.reason, by: newest.by, at: newest.at } } : {}),
    }
  }

  function rightsOver(device: DeviceId): Pick<Device, 'mayUnlink' | 'maySuspend' | 'mayReadmit'> {
    const log = logs.get(account)
    const may = (rule: typeof mayUnlink): boolean =>
      log !== undefined && rule(log, context.device, device)
    return {
      mayUnlink: may(mayUnlink),
      maySuspend: may(maySuspend),
      mayReadmit: may(mayReadmit),
    }
  }

  function require(device: DeviceId): Device {
    const found = view(device)
    if (found) return found
    throw new KithError('ERR_NOT_FOUND', 'no such device in this account')
  }

  async function rename(
    device: DeviceId,
    name: string,
    { signal }: CallOptions = {},
  ): Promise<Device> {
    signal?.throwIfAborted()
    const { kind } = require(device)
    requireName(name)
    await state.edit(() => state.data.devices.set(device, { name, kind }))
    return require(device)
  }

  return {
    list: async () => [...(logs.get(account)?.devices.keys() ?? [])].map(require),
    rename,
    require,
    nameOf,
  }
}

const UNFINISHED = 'its linking broke off: link it again by its code, or unlink it'

const DAY_MS = 24 * 60 * 60 * 1000

const STATES = { in: 'active', held: 'held', suspended: 'suspended', revoked: 'unlinked' } as const
