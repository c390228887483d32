import { type AccountId, type DeviceId, KithError } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { AccountState } from './account-state.ts'
import type { CallOptions, Device, NodeEvents } from './api.ts'
import type { DeviceContext } from './context.ts'
import type { DeviceLogs } from './device-logs.ts'
import { requireName } from './names.ts'

/** The linked devices of this account: standing from the device log, names from the account data. */
export interface Devices {
  list(options?: CallOptions): Promise<readonly Device[]>
  rename(device: DeviceId, name: string, options?: CallOptions): Promise<Device>
  /** @throws ERR_NOT_FOUND */
  require(device: DeviceId): Device
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
  },
): Devices {
  const { account, state, logs, events } = parts
  const { net, signal } = context
  let known = new Set(logs.devicesOf(account))

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

  function announceLinked(): void {
    const now = new Set(logs.devicesOf(account))
    for (const device of now) if (!known.has(device)) events.emit('device:linked', require(device))
    for (const device of known) if (!now.has(device)) changed(device)
    known = now
  }

  function changed(device: DeviceId): void {
    const now = view(device)
    if (now) events.emit('device:changed', now)
  }

  function view(device: DeviceId): Device | undefined {
    const standing = logs.standing(account, device)
    if (!standing) return undefined
    const self = device === context.device
    const named = state.data.devices.get(device)
    const { path, reason, lastSeen } = net.reachability(device)
    return {
      device,
      name: named?.name ?? (self ? context.name : 'a device without a name'),
      kind: named?.kind ?? (self ? context.kind : 'unknown'),
      this: self,
      state: STATES[standing.state],
      addedAt: standing.addedAt,
      path: self ? 'this' : path,
      reason: self ? 'this device' : reason,
      pending: self ? 0 : parts.pendingFor(device),
      ...(lastSeen === undefined || self ? {} : { lastSeen }),
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
  }
}

const STATES = { in: 'active', held: 'held', suspended: 'suspended', revoked: 'unlinked' } as const
