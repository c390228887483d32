import type { Device, DeviceAlert, KithNode, NodeEvents } from '@kithmesh/node'

type Standing = Pick<
  KithNode['devices'],
  'list' | 'rename' | 'unlink' | 'suspend' | 'readmit' | 'leave' | 'approveHistory' | 'alerts'
>
type Id = Device['device']

/** The devices of a fake: what may be done to each stands in the list, and what was done changes it. */
export function devicesOf(fake: {
  readonly world: { devices: readonly Device[]; alerts: readonly DeviceAlert[] }
  readonly orFail: (call: 'devices.unlink' | 'devices.suspend' | 'devices.approveHistory') => void
  readonly kithError: (code: string, message: string) => Error
  readonly emit: <K extends keyof NodeEvents>(type: K, detail: NodeEvents[K]) => void
}): { readonly standing: Standing; readonly put: (device: Device) => Device } {
  const { world, orFail, emit } = fake

  function requireDevice(id: Id): Device {
    const found = world.devices.find(({ device }) => device === id)
    if (!found) throw fake.kithError('ERR_NOT_FOUND', 'no such device')
    return found
  }

  function put(device: Device): Device {
    const known = world.devices.some((one) => one.device === device.device)
    world.devices = known
      ? world.devices.map((one) => (one.device === device.device ? device : one))
      : [...world.devices, device]
    emit(known ? 'device:changed' : 'device:linked', device)
    return device
  }

  function change(id: Id, by: Partial<Device>): Device {
    return put({ ...requireDevice(id), ...by })
  }

  const self = (): Device => {
    const found = world.devices.find((one) => one.this)
    if (!found) throw new Error('a fake that does this has itself among its devices')
    return found
  }

  const standing: Standing = {
    list: async () => world.devices,
    rename: async (id, name) => change(id, { name }),
    unlink: async (id) => {
      orFail('devices.unlink')
      const out = { mayUnlink: false, maySuspend: false, mayReadmit: false }
      emit('device:removed', change(id, { state: 'unlinked', path: 'away', ...out }))
    },
    suspend: async (id) => {
      orFail('devices.suspend')
      const { mayUnlink } = requireDevice(id)
      const suspended = { reason: 'lost', by: self().device, at: Date.UTC(2026, 10, 3, 9) } as const
      const by = { state: 'suspended', path: 'away', suspended, mayReadmit: mayUnlink } as const
      const out = change(id, by)
      emit('device:removed', out)
      return out
    },
    readmit: async (id) => {
      const { suspended: _, ...rest } = requireDevice(id)
      return put({ ...rest, state: 'active', mayReadmit: false })
    },
    leave: async () => emit('account:left', { reason: 'left' }),
    approveHistory: async (id) => {
      orFail('devices.approveHistory')
      const { historyAt: _, ...rest } = requireDevice(id)
      return put(rest)
    },
    alerts: async () => world.alerts,
  }
  return { standing, put }
}
