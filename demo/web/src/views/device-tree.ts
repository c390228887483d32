import type { Device } from '@kithmesh/node'

type Id = Device['device']

/** The devices above one: who linked it, who linked that one, …; the nearest first. */
function devicesAbove(devices: readonly Device[], device: Device): readonly Device[] {
  const byId = new Map(devices.map((one) => [one.device, one]))
  const above: Device[] = []
  let next = parentOf(device, byId)
  while (next && !above.includes(next)) {
    above.push(next)
    next = parentOf(next, byId)
  }
  return above
}

function parentOf({ linkedBy }: Device, byId: ReadonlyMap<Id, Device>): Device | undefined {
  return linkedBy === undefined ? undefined : byId.get(linkedBy)
}

/** Those of the devices above that are in: whoever of them is at hand can unlink and readmit. */
export function whoDecides(devices: readonly Device[], device: Device): readonly Device[] {
  return devicesAbove(devices, device).filter(({ state }) => state === 'active')
}

/** Those that may let a far device have the history early: neither it, nor who linked it, nor those below it. */
export function whoApproves(devices: readonly Device[], device: Device): readonly Device[] {
  return devices.filter(
    (one) =>
      one.state === 'active' &&
      one.device !== device.device &&
      one.device !== device.linkedBy &&
      one.historyAt === undefined &&
      one.expiresAt === undefined &&
      !devicesAbove(devices, one).some(({ device: above }) => above === device.device),
  )
}
