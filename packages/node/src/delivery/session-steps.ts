import type { DeviceId } from '@kithmesh/protocol'

/**
 * The changes of the sessions with each device on their way to the store. One that opened a content waits
 * until the account log has sealed its record; a later one that is written at once would bring that step to
 * the disk without the content (SES-11), so whoever writes at once waits for those before.
 */
export interface SessionSteps {
  /** A change with a device; whoever asks sees to it that it is handed over or dropped. */
  next(device: DeviceId): SessionStep
  /** Resolves when no change with a device waits to be handed to the store. */
  handedOver(device: DeviceId): Promise<void>
}

/** One change on its way. */
export interface SessionStep {
  /** Its batch goes to the store now. False when a later change went before, which has this one in it. */
  handOver(): boolean
  /** Its batch was not written. */
  drop(): void
}

/** No changes yet. */
export function createSessionSteps(): SessionSteps {
  const waysByDevice = new Map<DeviceId, Way>()

  function wayOf(device: DeviceId): Way {
    const way = waysByDevice.get(device) ?? { last: 0, handed: 0, waiting: new Map() }
    waysByDevice.set(device, way)
    return way
  }

  function next(device: DeviceId): SessionStep {
    const way = wayOf(device)
    const number = ++way.last
    way.waiting.set(number, Promise.withResolvers())
    let before = 0
    const settle = (): void => {
      way.waiting.get(number)?.resolve()
      way.waiting.delete(number)
    }
    return {
      handOver: () => {
        settle()
        const isNewest = number > way.handed
        if (!isNewest) return false
        before = way.handed
        way.handed = number
        return true
      },
      drop: () => {
        settle()
        // What it overtook is not on the disk by it.
        if (way.handed === number) way.handed = before
      },
    }
  }

  async function handedOver(device: DeviceId): Promise<void> {
    const { waiting } = wayOf(device)
    while (waiting.size > 0) await Promise.all([...waiting.values()].map(({ promise }) => promise))
  }

  return { next, handedOver }
}

/** Changes with one device, numbered as they were decided. */
interface Way {
  last: number
  handed: number
  readonly waiting: Map<number, PromiseWithResolvers<void>>
}
