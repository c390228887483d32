import {
  type AccountId,
  type Codec,
  codec,
  type DeviceId,
  decoded,
  deviceId,
  list,
  record,
} from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import type { Peers } from '../greeting/peers.ts'
import { commitStaged, type Staged } from '../staged.ts'

/**
 * Devices that this one has added to the log, and that have not said that they have what the account shares: the
 * linking broke off, or this device lost its power. A person is told until one comes, or is put out (LNK-22).
 */
export interface UnfinishedLinks {
  readonly events: TypedEvents<UnfinishedEvents>
  /** Not while it is being linked. */
  has(device: DeviceId): boolean
  /** Durable with the add of a device, or not at all. */
  begin(device: DeviceId): Staged
  /** The device has said that it has all. */
  end(device: DeviceId): Promise<void>
  /** The attempt is over, however it went. */
  over(device: DeviceId): void
}

/** `detail` by event name. */
export interface UnfinishedEvents {
  'unfinished:changed': { readonly device: DeviceId }
}

/** Name among the single values of a device. */
const UNFINISHED = 'unfinished links'
/** An account has 8 devices; those that were put out meanwhile are left out when another is noted. */
const MAX_UNFINISHED = 64

const unfinishedCodec: Codec<{ readonly devices: readonly DeviceId[] }> = codec(
  record({ devices: list(deviceId, { max: MAX_UNFINISHED }) }),
  { maxBytes: 8 * 1024 },
)

/** Reads which are left from earlier. */
export async function openUnfinishedLinks(
  { tables, store }: Pick<DeviceContext, 'tables' | 'store'>,
  { account, logs }: { readonly account: AccountId; readonly logs: Pick<DeviceLogs, 'standing'> },
): Promise<UnfinishedLinks> {
  const stored = await tables.device.get(UNFINISHED)
  let left: readonly DeviceId[] = (stored && decoded(unfinishedCodec, stored)?.devices) ?? []
  const underWay = new Set<DeviceId>()
  const events = createEvents<UnfinishedEvents>()

  function stage(device: DeviceId, after: () => readonly DeviceId[]): Staged {
    return {
      ops: () => [tables.device.put(UNFINISHED, unfinishedCodec.encode({ devices: after() }))],
      publish: () => {
        left = after()
        events.emit('unfinished:changed', { device })
      },
    }
  }

  function others(device: DeviceId): readonly DeviceId[] {
    return left.filter((one) => one !== device && logs.standing(account, one)?.state === 'in')
  }

  return {
    events,
    has: (device) => left.includes(device) && !underWay.has(device),
    begin: (device) => {
      underWay.add(device)
      return stage(device, () => [...others(device), device])
    },
    end: async (device) => {
      if (left.includes(device)) await commitStaged(store, [stage(device, () => others(device))])
    },
    over: (device) => {
      underWay.delete(device)
      if (left.includes(device)) events.emit('unfinished:changed', { device })
    },
  }
}

/** Whoever greets this device as one of its account has all of it: only its last word was lost. */
export function endWhenMet(
  { signal, logger }: Pick<DeviceContext, 'signal' | 'logger'>,
  parts: {
    readonly account: AccountId
    readonly unfinished: UnfinishedLinks
    readonly peers: Pick<Peers, 'events'>
  },
): void {
  parts.peers.events.addEventListener(
    'peer:greeted',
    ({ detail: { device, account } }) => {
      if (account !== parts.account) return
      parts.unfinished.end(device).catch((error: unknown) => {
        if (!signal.aborted) logger.warn('a linking stays unfinished', { code: codeOf(error) })
      })
    },
    { signal },
  )
}
