import type { DeviceId } from '@kithmesh/protocol'
import type { DeviceContext } from './context.ts'
import type { Staged } from './staged.ts'

/** Addresses kept of one device; more would only cost dials (NET limits say the same). */
export const MAX_ADDRESSES = 16

/** Where each known device said it can be dialled. Hints only: Noise proves who answers. */
export interface Addresses {
  /** Our own, as given to others. */
  own(): readonly string[]
  get(device: DeviceId): readonly string[]
  /** What a device, or a sibling of it, says of where it is; undefined when that is nothing new. */
  stage(device: DeviceId, addresses: readonly string[]): Staged | undefined
  /** Drops where a device is that is out of its account (OUT-6). */
  stageForget(device: DeviceId): Staged
}

/** Reads the hints kept on disk and hands them to the network. */
export async function openAddresses(context: DeviceContext): Promise<Addresses> {
  const { net, tables } = context
  const addressesByDevice = new Map<DeviceId, readonly string[]>()
  for await (const [device, addresses] of tables.addresses.entries()) {
    addressesByDevice.set(device, addresses)
    net.setAddresses(device, addresses)
  }
  return {
    own: () => net.addresses().slice(0, MAX_ADDRESSES),
    get: (device) => addressesByDevice.get(device) ?? [],
    stage: (device, addresses) => {
      const kept = addresses.slice(0, MAX_ADDRESSES)
      const same = kept.join('\n') === (addressesByDevice.get(device) ?? []).join('\n')
      if (kept.length === 0 || same) return undefined
      return {
        ops: () => [tables.addresses.put(device, kept)],
        publish: () => {
          addressesByDevice.set(device, kept)
          net.setAddresses(device, kept)
        },
      }
    },
    stageForget: (device) => ({
      ops: () => [tables.addresses.delete(device)],
      publish: () => {
        addressesByDevice.delete(device)
        net.setAddresses(device, [])
      },
    }),
  }
}
