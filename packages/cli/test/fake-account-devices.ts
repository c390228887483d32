/** The devices of a fake account, and what may be done to them. */

import type { Device, KithNode } from '@kithmesh/node'
import { device, type FakeDevice, kithError } from './fake-device.ts'
import { linkOf } from './fake-linking.ts'

/** The devices of the account. */
export function devicesOf(fake: FakeDevice): KithNode['devices'] {
  return {
    list: async () => fake.devices,
    link: (_code, options) => linkOf(fake, options),
    linkNearby: (id, options) => {
      fake.seen = { ...fake.seen, device: id }
      return linkOf(fake, options)
    },
    async *nearby({ signal } = {}) {
      yield* fake.nearby
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
    offer: async (options) => {
      const states = [...fake.linkStates]
      return {
        code: 'WEB+KITH:J/AAAA',
        async *states() {
          for (const state of states) {
            yield state
            if (state.state === 'confirm') await linkOf(fake, options).catch(() => undefined)
          }
          await new Promise(() => undefined)
        },
        close: async () => undefined,
      }
    },
    approveHistory: async (id) => {
      fake.approved.push(id)
      return device({ device: id })
    },
    rename: async (id, name) => {
      fake.devices = fake.devices.map((own) => (own.device === id ? { ...own, name } : own))
      return device({ device: id, name })
    },
    unlink: async (id) => {
      fake.refuse()
      fake.devices = fake.devices.filter((own) => own.device !== id)
    },
    suspend: async (id) => standAs(fake, id, 'suspended'),
    readmit: async (id) => standAs(fake, id, 'active'),
    leave: async () => {
      fake.left = { reason: 'left', hint: 'Readmit it.' }
    },
    alerts: async () => fake.alerts,
  }
}

function standAs(fake: FakeDevice, id: Device['device'], state: Device['state']): Device {
  fake.refuse()
  fake.devices = fake.devices.map((own) => (own.device === id ? { ...own, state } : own))
  const found = fake.devices.find((own) => own.device === id)
  if (found === undefined) throw kithError('ERR_NOT_FOUND', 'No such device.')
  return found
}
