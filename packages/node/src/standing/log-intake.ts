import {
  type AccountId,
  type DeviceId,
  type DeviceLogState,
  equalBytes,
  type SignedEntry,
} from '@kithmesh/protocol'
import type { EpochKey } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { createSerial } from '../serial.ts'
import { commitStaged, type Staged } from '../staged.ts'
import type { AccountEpochs } from './account-epochs.ts'
import type { Dropping } from './dropping.ts'
import { goneBetween, leftReason } from './removals.ts'

/** Entries of device logs with all they bring along, in one batch (OUT-2, OUT-6). */
export interface LogIntake {
  /** Entries of a contact's log; of our own they go by {@link LogIntake.takeOwn}. Empty when nothing is new. */
  stage(account: AccountId, entries: readonly SignedEntry[]): Promise<readonly Staged[]>
  /** Entries of our own log and epochs that came with them, by themselves; durable when it resolves. */
  takeOwn(taken: OwnTaken): Promise<void>
}

/** What comes into our own log at once. */
export interface OwnTaken {
  readonly entries: readonly SignedEntry[]
  readonly epochs?: readonly EpochKey[]
  /** Who handed the epochs over; of one that the entries put out none are taken. */
  readonly giver?: DeviceId
  /** Head of the giver's log of our account when it handed them over. */
  readonly giverHead?: Uint8Array
  readonly alongside?: readonly Staged[]
}

/** What goes with devices that are out; nothing, where this device itself is out. */
export type DropGone = Pick<Dropping, 'stage'>

/** Takes entries into the device logs of one account and its contacts. */
export function createLogIntake(
  { store, clock }: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: DeviceLogs
    readonly epochs: AccountEpochs
    readonly dropping: DropGone
  },
): LogIntake {
  const { account: own, logs, epochs, dropping } = parts
  // One at a time: two who bring the same removal must not make an epoch each.
  const serial = createSerial<'own'>()

  async function stage(
    account: AccountId,
    entries: readonly SignedEntry[],
  ): Promise<readonly Staged[]> {
    const staged = logs.stage(account, entries)
    return staged ? [staged, ...(await dropGone(staged.state))] : []
  }

  async function dropGone(after: DeviceLogState): Promise<readonly Staged[]> {
    const now = clock.now()
    const gone = goneBetween(logs.devicesOf(after.account), after, { now })
    return gone.length > 0 ? dropping.stage(after, gone) : []
  }

  async function stageOwn(taken: OwnTaken): Promise<void> {
    const { entries, epochs: given = [], giver, giverHead, alongside = [] } = taken
    const log = logs.stage(own, entries)
    const state = log?.state ?? logs.get(own)
    if (!state) return
    const isOut = giver && leftReason(state, giver, { now: clock.now() }) !== undefined
    const knowsAsMuch = giverHead !== undefined && equalBytes(giverHead, state.head)
    const epoch = await epochs.stage(state, isOut ? [] : given, { knowsAsMuch })
    // The epoch first: whoever hears of the removal finds it there.
    const staged = [...(epoch ? [epoch] : []), ...(log ? [log] : []), ...alongside]
    if (log) staged.push(...(await dropGone(state)))
    if (staged.length > 0) await commitStaged(store, staged)
  }

  return { stage, takeOwn: (taken) => serial('own', () => stageOwn(taken)) }
}
