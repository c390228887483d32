import type { Device, DeviceAlert, KithNode, NodeEvents } from '@kithmesh/node'
import type { Notes } from '../notes.ts'
import { createView, type View } from './view.ts'

/** Something about devices that a person should look at (WEB-44). */
export type Alert =
  /** Another device belongs to the account now. */
  | { readonly kind: 'linked'; readonly device: Device }
  /** A device that was suspended is back. */
  | { readonly kind: 'returned'; readonly device: Device }
  /** A device was put out. */
  | { readonly kind: 'removed'; readonly device: Device }
  /** A device, of this account or of a contact, was seen twice. */
  | { readonly kind: 'forked'; readonly fork: DeviceAlert }

/** What there is to look at, and what was looked at already. */
export interface Alerts extends View<readonly Alert[]> {
  /** The person has seen it: it is not shown again on this device. */
  readonly acknowledge: (alert: Pick<Alert, 'kind'> & Partial<Alert>) => void
}

/**
 * Alerts of a device. Which devices are new is told by what was seen here before, not by when they say they were
 * linked: a clock of somebody else has no say in it, and a reload loses nothing.
 */
export function createAlerts(node: KithNode, notes: Notes): Alerts {
  const seen = openSeen(notes)
  const gone = new Map<Device['device'], Alert>()

  async function load({ signal }: { readonly signal: AbortSignal }): Promise<readonly Alert[]> {
    const [devices, forks] = await Promise.all([
      node.devices.list({ signal }),
      node.devices.alerts({ signal }),
    ])
    // Where nobody has looked yet, all there is counts as seen.
    if (!seen.isKnown()) seen.add(devices.map(keyOfDevice))
    return [
      ...forks.filter((fork) => !seen.has(keyOfFork(fork))).map(forkedAlert),
      ...devices
        .filter(({ state }) => state !== 'unlinked')
        .filter(isNew)
        .map(linkedAlert),
      ...[...gone.values()].filter((alert) => isCurrent(alert, devices)),
    ]
  }

  function isNew(device: Device): boolean {
    return !device.this && !seen.has(keyOfDevice(device))
  }

  const view = createView<readonly Alert[]>({
    load,
    watch: ({ reload }, options) => {
      const note =
        (kind: 'returned' | 'removed') =>
        ({ detail: device }: CustomEvent<Device>): void => {
          if (!device.this) gone.set(device.device, { kind, device })
          reload()
        }
      node.addEventListener('device:returned', note('returned'), options)
      node.addEventListener('device:removed', note('removed'), options)
      for (const event of RELOADING) node.addEventListener(event, reload, options)
    },
  })

  return {
    ...view,
    acknowledge: (alert) => {
      if (alert.kind === 'forked' && alert.fork) seen.add([keyOfFork(alert.fork)])
      if (alert.kind !== 'forked' && alert.device) {
        seen.add([keyOfDevice(alert.device)])
        if (alert.kind !== 'linked') gone.delete(alert.device.device)
      }
      view.reload()
    },
  }
}

const RELOADING: readonly (keyof NodeEvents)[] = [
  'device:linked',
  'device:changed',
  'device:forked',
]

/** A device that was readmitted, or put out for good, needs no answer any more. */
function isCurrent(alert: Alert, devices: readonly Device[]): boolean {
  if (alert.kind === 'forked') return true
  const now = devices.find(({ device }) => device === alert.device.device)
  if (alert.kind === 'removed') return now?.state !== 'active'
  return now?.state === 'suspended'
}

const linkedAlert = (device: Device): Alert => ({ kind: 'linked', device })
const forkedAlert = (fork: DeviceAlert): Alert => ({ kind: 'forked', fork })
const keyOfDevice = ({ device }: Device): string => `device ${device}`
const keyOfFork = ({ device, kind, at }: DeviceAlert): string => `fork ${device} ${kind} ${at}`

/** What was seen on this browser; kept as a list of texts. */
interface Seen {
  readonly isKnown: () => boolean
  readonly has: (key: string) => boolean
  readonly add: (keys: readonly string[]) => void
}

function openSeen(notes: Notes): Seen {
  let keys = parse(notes.read())
  return {
    isKnown: () => keys !== undefined,
    has: (key) => keys?.has(key) ?? false,
    add: (added) => {
      keys = new Set([...(keys ?? []), ...added])
      notes.write(JSON.stringify([...keys]))
    },
  }
}

/** Whatever else stands there was not written here. */
function parse(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? new Set(list.filter((key) => typeof key === 'string')) : undefined
  } catch {
    return undefined
  }
}
