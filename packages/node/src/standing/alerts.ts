import {
  type AccountId,
  type DeviceId,
  type DeviceLogState,
  forkProofCodec,
} from '@kithmesh/protocol'
import type { EventSource, LogPosition } from '@kithmesh/sync'
import type { AccountState } from '../account/account-state.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceAlert } from '../api/devices.ts'
import type { NodeEvents } from '../api/events.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { commitStaged } from '../staged.ts'
import type { StoredAlert } from '../tables.ts'

/** Devices seen to have written two things in one place: cloned, restored from a backup, or stolen (OUT-12). */
export interface Alerts {
  /** The newest first. */
  list(options?: CallOptions): Promise<readonly DeviceAlert[]>
}

/** Where the two things stand: the entry before them, or the lane of the account log. */
interface Place {
  readonly account: AccountId
  readonly device: DeviceId
  readonly where: string
  readonly proof: Uint8Array
}

/** Raises `device:forked` once for each proof, also one that was found before a crash could tell of it. */
export async function openAlerts(
  { tables, store, clock, signal, logger }: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly state: Pick<AccountState, 'log'>
    readonly logs: DeviceLogs
    readonly events: EventSource<NodeEvents>
  },
): Promise<Alerts> {
  const { account: own, state, logs, events } = parts
  const alerts = new Map<string, DeviceAlert>()
  for await (const [[device, where], stored] of tables.alerts.entries()) {
    alerts.set(keyOf(device, where), alertOf(device, where, stored))
  }

  logs.events.addEventListener('log:changed', ({ detail }) => raiseAll(forksOf(detail.state)), {
    signal,
  })
  state.log.events.addEventListener('log:forked', ({ detail }) => raiseAll([placeOf(detail)]), {
    signal,
  })
  for (const account of logs.accounts()) {
    const log = logs.get(account)
    if (log) raiseAll(forksOf(log))
  }

  function placeOf({ device, lane }: LogPosition): Place {
    // The other record is not kept, and every later one would be another fork: once for a lane.
    return { account: own, device, where: `${LANE}${lane}`, proof: new Uint8Array() }
  }

  function raiseAll(places: readonly Place[]): void {
    for (const place of places) {
      if (alerts.has(keyOf(place.device, place.where))) continue
      raise(place).catch((error: unknown) => {
        if (!signal.aborted) logger.warn('an alert is not kept', { code: codeOf(error) })
      })
    }
  }

  async function raise({ account, device, where, proof }: Place): Promise<void> {
    const stored = { account, at: clock.now(), proof }
    const alert = alertOf(device, where, stored)
    alerts.set(keyOf(device, where), alert)
    await commitStaged(store, [
      {
        ops: () => [tables.alerts.put([device, where], stored)],
        publish: () => events.emit('device:forked', alert),
        discard: () => void alerts.delete(keyOf(device, where)),
      },
    ])
  }

  function alertOf(
    device: DeviceId,
    where: string,
    { account, at, proof }: StoredAlert,
  ): DeviceAlert {
    const kind = where.startsWith(LANE) ? 'records' : 'log'
    return { account, device, own: account === own, kind, at, proof }
  }

  return { list: async () => [...alerts.values()].sort((a, b) => b.at - a.at) }
}

const LANE = 'lane '

function keyOf(device: DeviceId, where: string): string {
  return `${device} ${where}`
}

function forksOf({ forks }: DeviceLogState): readonly Place[] {
  return forks.map((fork) => ({
    account: fork.account,
    device: fork.device,
    where: fork.prev,
    proof: forkProofCodec.encode(fork),
  }))
}
