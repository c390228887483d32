import {
  type AccountId,
  createLeave,
  createReadmit,
  createRevoke,
  createSuspend,
  type DeviceId,
  type DeviceLogState,
  type EntryId,
  entryIdOfBody,
  lastEntryOf,
  MAX_ANSWERS,
  type SignedEntry,
} from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Devices } from '../account/devices.ts'
import type { Device } from '../api/devices.ts'
import type { NodeEvents } from '../api/events.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'
import type { LogIntake } from './log-intake.ts'
import { createRights } from './standing-rights.ts'
import { suspendsWorthKeeping } from './suspends-kept.ts'

/** Putting devices of this account out, and taking them back. */
export interface Standing {
  /** For good, with all it had linked. @throws ERR_DEVICE_RIGHT, ERR_DEVICE_SELF, ERR_NOT_FOUND */
  unlink(device: DeviceId, options?: CallOptions): Promise<void>
  /** Until a device above it readmits it. @throws ERR_DEVICE_RIGHT, ERR_DEVICE_SELF, ERR_NOT_FOUND */
  suspend(device: DeviceId, options?: CallOptions): Promise<Device>
  /** @throws ERR_DEVICE_RIGHT, ERR_DEVICE_SELF, ERR_NOT_FOUND */
  readmit(device: DeviceId, options?: CallOptions): Promise<Device>
  /** This device goes out by itself. @throws ERR_DEVICE_RIGHT for the first device */
  leave(options?: CallOptions): Promise<void>
  /** Suspends devices that nobody has met for long; whom this device may not suspend is passed over. */
  suspendIdle(idle: readonly DeviceId[]): Promise<void>
}

/** What standing is made of. */
export interface StandingParts {
  readonly account: AccountId
  readonly logs: DeviceLogs
  readonly intake: LogIntake
  readonly devices: Devices
  readonly peers: Pick<Peers, 'events'>
  readonly events: EventSource<NodeEvents>
}

/** What every entry of this device begins with. */
interface Base {
  readonly account: AccountId
  readonly author: DeviceId
  readonly prev: EntryId
  readonly at: number
}

type Draft = (base: Base) => Promise<SignedEntry>

/** Writes entries of this device, each with its epoch and all that goes with it, in one batch (OUT-2). */
export function createStanding(context: DeviceContext, parts: StandingParts): Standing {
  const { clock, signer, device: self } = context
  const { account, logs, intake, devices, peers, events } = parts
  const rights = createRights({ account, self, logs, devices })
  peers.events.addEventListener('peer:returned', ({ detail }) => announceReturn(detail.device), {
    signal: context.signal,
  })

  async function unlink(device: DeviceId, { signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    await author((state) => {
      const place = rights.toUnlink(state, device)
      if (!place) return []
      const kept = suspendsWorthKeeping(state, { by: self, unlinking: device })
      return [
        ...kept.map(({ target, reason }) => suspending(target, reason)),
        (base) => createRevoke({ ...base, target: place.addedBy }, signer),
      ]
    })
  }

  async function suspend(device: DeviceId, { signal }: CallOptions = {}): Promise<Device> {
    signal?.throwIfAborted()
    await author((state) => {
      const place = rights.toSuspend(state, device)
      return place ? [suspending(place.addedBy, 'lost')] : []
    })
    return devices.require(device)
  }

  async function suspendIdle(idle: readonly DeviceId[]): Promise<void> {
    await author((state) =>
      idle.flatMap((device) => {
        const place = rights.toSuspendIdle(state, device)
        return place ? [suspending(place.addedBy, 'idle')] : []
      }),
    )
  }

  async function readmit(device: DeviceId, { signal }: CallOptions = {}): Promise<Device> {
    signal?.throwIfAborted()
    await author((state) => {
      const place = rights.toReadmit(state, device)
      const entries = place?.suspensions.map(({ entry }) => entry) ?? []
      return inParts(entries, MAX_ANSWERS).map(
        (answers): Draft =>
          (base) =>
            createReadmit({ ...base, target: place?.addedBy ?? base.prev, answers }, signer),
      )
    })
    return devices.require(device)
  }

  async function leave({ signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    await author((state) => {
      rights.toLeave(state)
      return [(base) => createLeave(base, signer)]
    })
  }

  function suspending(target: EntryId, reason: 'lost' | 'idle'): Draft {
    return (base) => createSuspend({ ...base, target, reason }, signer)
  }

  /** Signed one behind the other, and durable together (OUT-1, OUT-2). */
  async function author(draft: (state: DeviceLogState) => readonly Draft[]): Promise<void> {
    await logs.authoring(async () => {
      const state = rights.ownLog()
      const entries: SignedEntry[] = []
      let prev = lastEntryOf(state, self)
      for (const one of draft(state)) {
        const entry = await one({ account, author: self, prev, at: clock.now() })
        entries.push(entry)
        prev = entryIdOfBody(entry.body)
      }
      if (entries.length > 0) await intake.takeOwn({ entries })
    })
  }

  /** Once each time it comes back: whoever may readmit it is asked (OUT-16). */
  function announceReturn(device: DeviceId): void {
    if (!rights.mayReadmit(rights.ownLog(), device)) return
    events.emit('device:returned', devices.require(device))
  }

  return { unlink, suspend, suspendIdle, readmit, leave }
}

function inParts<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = []
  for (let at = 0; at < all.length; at += size) parts.push(all.slice(at, at + size))
  return parts
}
