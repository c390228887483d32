import type { AccountId, DeviceId, DeviceLogState } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Addresses } from '../addresses.ts'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import type { Delivery } from '../delivery/delivery.ts'
import type { Entitlement } from '../delivery/entitlement.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { Sessions } from '../delivery/sessions.ts'
import { commitStaged, type Staged } from '../staged.ts'
import { goneBetween } from './removals.ts'

/** Drops what this device keeps for devices that are out of their account, so that nothing is sealed to them. */
export interface Dropping {
  /** What goes with `gone` devices of an account whose log then says `state` (OUT-6). */
  stage(state: DeviceLogState, gone: readonly DeviceId[]): Promise<readonly Staged[]>
}

/** What dropping reaches into. */
export interface DroppingParts {
  readonly account: AccountId
  readonly logs: DeviceLogs
  readonly cards: Cards
  readonly addresses: Addresses
  readonly sessions: Sessions
  readonly outbox: Outbox
  readonly delivery: Delivery
  readonly entitlement: Pick<Entitlement, 'stageForget'>
}

/** Also drops, now and whenever it comes up, what was on its way to the disk while its device went out. */
export function createDropping(context: DeviceContext, parts: DroppingParts): Dropping {
  const { tables, store, clock, logger } = context
  const { account: own, logs, cards, addresses, sessions, outbox, delivery, entitlement } = parts

  outbox.events.addEventListener(
    'outbox:added',
    ({ detail: { recipient } }) => {
      if (logs.accountOf(recipient) === undefined) inBackground(dropLate(recipient))
    },
    { signal: context.signal },
  )
  const devicesByAccount = new Map(logs.accounts().map((one) => [one, logs.devicesOf(one)]))
  logs.events.addEventListener(
    'log:changed',
    ({ detail: { account, state } }) => {
      const before = devicesByAccount.get(account) ?? []
      devicesByAccount.set(account, logs.devicesOf(account))
      const gone = goneBetween(before, state, { now: clock.now() })
      if (account !== own && gone.length > 0) inBackground(dropHeld(gone))
    },
    { signal: context.signal },
  )
  inBackground(dropLeftOver())

  async function stage(
    state: DeviceLogState,
    gone: readonly DeviceId[],
  ): Promise<readonly Staged[]> {
    const staged = await Promise.all(gone.map((device) => stageOne(state, device)))
    return staged.flat()
  }

  async function stageOne(state: DeviceLogState, device: DeviceId): Promise<readonly Staged[]> {
    const forgotten = [cards.stageForget(device)]
    const comesBack = state.account === own && state.devices.get(device)?.state === 'suspended'
    // Of a suspended device of ours the places stay: it is dialled again when it is readmitted.
    if (!comesBack) forgotten.push(addresses.stageForget(device))
    if (state.account === own) return forgotten
    const waiting = await stageWaiting(state.account, device)
    return [...forgotten, sessions.stageForget(device), ...waiting]
  }

  /** What was on its way to the device; should it come back, it gets what it then lacks (DEL-18). */
  async function stageWaiting(account: AccountId, device: DeviceId): Promise<readonly Staged[]> {
    const entries = await outbox.allFor(device)
    const messages = entries.map(({ message }) => message)
    return [
      entitlement.stageForget(account, device),
      outbox.stageRemove(entries),
      { ops: () => [], publish: () => delivery.recount(messages) },
    ]
  }

  /** Written by a change that was decided before its device went out, or before this device stopped. */
  async function dropLate(device: DeviceId): Promise<void> {
    const state = logs
      .accounts()
      .map((account) => logs.get(account))
      .find((log) => log?.devices.has(device))
    if (state) return commitStaged(store, await stage(state, [device]))
    const entries = await outbox.allFor(device)
    await commitStaged(store, [outbox.stageRemove(entries), sessions.stageForget(device)])
  }

  /** Of before this device stopped; expiries come to pass while it is off. */
  async function dropLeftOver(): Promise<void> {
    const logged = logs.accounts().flatMap((one) => [...(logs.get(one)?.devices.keys() ?? [])])
    await dropHeld([...new Set([...(await outbox.recipients()), ...logged])])
  }

  async function dropHeld(devices: readonly DeviceId[]): Promise<void> {
    for (const device of devices) {
      if (logs.accountOf(device)) continue
      const isHeld = (await tables.sessions.get(device)) || (await outbox.hasFor(device))
      if (isHeld) await dropLate(device)
    }
  }

  function inBackground(work: Promise<void>): void {
    work.catch(() => {
      if (!context.signal.aborted) logger.warn('something of a device that is out stays here')
    })
  }

  return { stage }
}
