import {
  type AccountId,
  type Codec,
  codec,
  type DeviceId,
  decoded,
  type EntryId,
  entryId,
  KithError,
  record,
} from '@kithmesh/protocol'
import { type AccountLog, createEvents, type RecordEvent, type TypedEvents } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Devices } from '../account/devices.ts'
import type { Device } from '../api/devices.ts'
import type { CallOptions } from '../api/options.ts'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'

/** A record of the messages lane: its author lets a device that was linked from afar have the history. */
const APPROVED = 'history approved'

interface Approval {
  /** The add by which the device is in: linked anew, it waits anew. */
  readonly place: EntryId
}

const approvalCodec: Codec<Approval> = codec(record({ place: entryId }), { maxBytes: 64 })

/** `detail` by event name. */
export interface ApprovalEvents {
  /** Another device was approved, here or on a sibling. */
  'history:approved': { readonly place: EntryId }
}

/** Which devices may have message history before their 24 h are over (HIS-6). */
export interface HistoryApprovals {
  readonly events: TypedEvents<ApprovalEvents>
  /** When `device` is served history, ms since 1970 UTC; undefined when it is now. */
  waitsUntil(device: DeviceId): number | undefined
  /** Whether this device may approve `device`. */
  mayApprove(device: DeviceId): boolean
  approve(device: DeviceId): Promise<void>
}

/** Reads what this device and its siblings have approved, and follows it. */
export async function openHistoryApprovals(
  { clock, signal, device: self }: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly log: AccountLog<Staged>
    readonly logs: DeviceLogs
  },
): Promise<HistoryApprovals> {
  const { account, log, logs } = parts
  const events = createEvents<ApprovalEvents>()
  const approversByPlace = new Map<EntryId, Set<DeviceId>>()

  function note({ record: { device, lane }, contents }: RecordEvent): void {
    if (lane !== 'messages') return
    for (const { kind, body } of contents) {
      const approval = kind === APPROVED ? decoded(approvalCodec, body) : undefined
      if (approval) add(approval.place, device)
    }
  }

  function add(place: EntryId, approver: DeviceId): void {
    const approvers = approversByPlace.get(place) ?? new Set()
    approversByPlace.set(place, approvers.add(approver))
    events.emit('history:approved', { place })
  }

  const onAccepted = ({ detail }: { detail: { events: readonly RecordEvent[] } }): void =>
    detail.events.forEach(note)
  log.events.addEventListener('records:accepted', onAccepted, { signal })
  if (isAnybodyWaiting()) await readAll()

  /** Only while somebody waits there is something to look for. */
  function isAnybodyWaiting(): boolean {
    return logs
      .devicesOf(account)
      .some((device) => (logs.standing(account, device)?.historyAt ?? 0) > clock.now())
  }

  async function readAll(): Promise<void> {
    for (const { device, lane, stored } of log.holdings()) {
      if (lane !== 'messages') continue
      for (const range of stored) {
        for await (const event of log.readOpened({ device, lane, ...range })) note(event)
      }
    }
  }

  /** Looked at when it matters: an approver that is put out has approved nothing. */
  function isApproved(device: DeviceId, place: EntryId): boolean {
    return [...(approversByPlace.get(place) ?? [])].some((approver) => counts(approver, device))
  }

  /**
   * HIS-6: a device that is in for good and has its own history; not the one that waits, not the one that
   * linked it, and none below it, which wait as long as it does: those are whom somebody would have who
   * was taken in by mistake.
   */
  function counts(approver: DeviceId, device: DeviceId): boolean {
    const waiting = logs.standing(account, device)
    const standing = logs.standing(account, approver)
    if (!waiting || !standing || !logs.devicesOf(account).includes(approver)) return false
    const isOther = approver !== device && approver !== waiting.takenInBy
    const isOwn = standing.rights.link && standing.expiresAt === undefined
    return isOther && isOwn && standing.historyAt <= clock.now()
  }

  return {
    events,
    waitsUntil: (device) => {
      const standing = logs.standing(account, device)
      if (!standing || standing.historyAt <= clock.now()) return undefined
      return isApproved(device, standing.addedBy) ? undefined : standing.historyAt
    },
    mayApprove: (device) => counts(self, device),
    approve: async (device) => {
      const place = logs.standing(account, device)?.addedBy
      if (place === undefined) return
      const contents = [{ kind: APPROVED, body: approvalCodec.encode({ place }) }]
      await log.append({ lane: 'messages', contents })
      add(place, self)
    },
  }
}

/** Lifts the wait of a device, for the person at this one. */
export function createApproveHistory(
  approvals: HistoryApprovals,
  devices: Devices,
): (device: DeviceId, options?: CallOptions) => Promise<Device> {
  return async (device, { signal } = {}) => {
    signal?.throwIfAborted()
    const before = devices.require(device)
    if (approvals.waitsUntil(device) === undefined) return before
    if (!approvals.mayApprove(device)) {
      throw new KithError('ERR_DEVICE_RIGHT', 'this device may not approve that one', {
        hint: 'Use another device of the account: neither that one, nor the one that linked it.',
      })
    }
    await approvals.approve(device)
    return devices.require(device)
  }
}
