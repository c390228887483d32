import { type AccountId, KithError } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import { type DeviceLogs, openDeviceLogs } from '../account/device-logs.ts'
import type { LeftReason } from '../api/devices.ts'
import type { NodeEvents } from '../api/events.ts'
import type { Status } from '../api/status.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { mendHome, restoreOwnLog } from '../healing/damaged-home.ts'
import { keepSpare } from '../healing/spare.ts'
import { type OpenAccount, openAccount } from '../open-account.ts'
import { createSerial } from '../serial.ts'
import { watchExpiry } from './expiry.ts'
import { leftReason } from './removals.ts'
import { netForRuns } from './run-net.ts'
import { startWaiting } from './waiting.ts'

/** Whether this device belongs to an account, and is in: opens the account while it is. */
export interface Membership {
  /** The account this device belongs to, in or out. */
  account(): AccountId | undefined
  /** @throws ERR_NO_ACCOUNT; ERR_DEVICE_OUT with what a person can do */
  require(): OpenAccount
  /** How it stands, also while this device is out. @throws ERR_NO_ACCOUNT */
  status(): Promise<Status>
  /** Takes up the account that now stands on the disk. */
  enter(account: AccountId): Promise<void>
  /** The store found damage while it ran: mends it, and opens the account anew (STO-49). */
  mend(): Promise<void>
  /** Writes what still waits to be written. */
  close(): Promise<void>
}

/** The account while this device is in, or why it is not. */
type Run =
  | { readonly kind: 'in'; readonly open: OpenAccount; readonly over: AbortController }
  | { readonly kind: 'out'; readonly reason: LeftReason; readonly over: AbortController }

/** Membership of this device; one change after another. */
export function createMembership(
  context: DeviceContext,
  events: EventSource<NodeEvents>,
): Membership {
  const { net, clock, device, signal, logger } = context
  const inTurn = createSerial<'membership'>()
  const netOf = netForRuns(net)
  let home: { readonly account: AccountId; readonly logs: DeviceLogs } | undefined
  let run: Run | undefined

  async function enter(account: AccountId): Promise<void> {
    const logs = await openDeviceLogs(context)
    await restoreOwnLog(context, { account, logs })
    await keepSpare(context, { account, logs })
    home = { account, logs }
    watchExpiry(context, logs)
    logs.events.addEventListener(
      'log:changed',
      ({ detail }) => {
        if (detail.account !== account) return
        settle().catch(warnUnopened)
      },
      { signal },
    )
    await settle()
  }

  /** Opens the account when this device is in, closes it when it is out (OUT-8). */
  function settle(): Promise<void> {
    return inTurn('membership', async () => {
      if (!home || signal.aborted) return
      const { account, logs } = home
      const state = logs.get(account)
      const reason = state ? leftReason(state, device, { now: clock.now() }) : 'unlinked'
      if (run && reason === reasonOf(run)) return
      await leaveRun()
      if (reason === undefined) await goIn(home)
      else await goOut(home, reason)
    })
  }

  async function goIn(at: NonNullable<typeof home>): Promise<void> {
    const over = new AbortController()
    const open = await openAccount(contextOf(over), at, events).catch((error: unknown) => {
      // Whatever was started already goes on for nobody.
      over.abort(error)
      throw error
    })
    run = { kind: 'in', open, over }
    void open.healed.then(() => reopen(open))
    events.emit('account:ready', { account: at.account, device })
  }

  async function goOut(at: NonNullable<typeof home>, reason: LeftReason): Promise<void> {
    const over = new AbortController()
    run = { kind: 'out', reason, over }
    net.keep([])
    if (MAY_RETURN.has(reason)) await startWaiting(contextOf(over), at)
    events.emit('account:left', { reason })
  }

  function contextOf({ signal: over }: AbortController): DeviceContext {
    return { ...context, net: netOf(over), signal: AbortSignal.any([signal, over]) }
  }

  /** Opens again what was opened while something was missing (OUT-5). */
  async function reopen(before: OpenAccount): Promise<void> {
    await inTurn('membership', async () => {
      if (!home || signal.aborted || run?.kind !== 'in' || run.open !== before) return
      await leaveRun()
      await goIn(home)
    }).catch(warnUnopened)
  }

  /** What is in memory may come from what was lost, so nothing of the run stays. */
  async function mend(): Promise<void> {
    await inTurn('membership', async () => {
      if (signal.aborted) return
      const wasIn = run?.kind === 'in'
      if (wasIn) await leaveRun()
      await mendHome(context)
      if (!home) return
      await restoreOwnLog(context, home)
      if (wasIn) await goIn(home)
    }).catch(warnUnopened)
  }

  function warnUnopened(error: unknown): void {
    if (!signal.aborted) logger.warn('the account did not open', { code: codeOf(error) })
  }

  /** Nothing of a run goes on beside the next: no stream is left to it. */
  async function leaveRun(): Promise<void> {
    if (run) for (const peer of net.connected()) net.refuse(peer)
    // An edit that finds no room on the disk is lost with the run; the change of membership is not.
    await endRun().catch((error: unknown) => {
      logger.warn('an edit was not written', { code: codeOf(error) })
    })
  }

  async function endRun(): Promise<void> {
    const ended = run
    if (!ended) return
    run = undefined
    ended.over.abort(new KithError('ERR_DEVICE_OUT', 'this device is out of its account'))
    if (ended.kind === 'in') await ended.open.close()
  }

  function require(): OpenAccount {
    if (run?.kind === 'in') return run.open
    if (run?.kind === 'out') throw outError(run.reason)
    if (home) throw new KithError('ERR_DEVICE_OUT', 'this device is just entering its account')
    throw new KithError('ERR_NO_ACCOUNT', 'this device belongs to no account yet', {
      hint: 'Link it first: show its code and scan it with a device of yours.',
    })
  }

  async function status(): Promise<Status> {
    if (run?.kind !== 'out' || !home) return require().status()
    const { account } = home
    const left = { reason: run.reason, hint: HINTS[run.reason] }
    const { name } = context
    return { account, device, name, devices: [], relays: net.relays(), pending: 0, left }
  }

  return {
    account: () => home?.account,
    require,
    status,
    enter,
    mend,
    close: () => inTurn('membership', endRun),
  }
}

function reasonOf(run: Run): LeftReason | undefined {
  return run.kind === 'out' ? run.reason : undefined
}

/** Out until somebody answers; the others begin anew, with an empty home. */
const MAY_RETURN: ReadonlySet<LeftReason> = new Set(['suspended', 'left', 'held'])

const BEGIN_ANEW = 'To use it again, start it with an empty home and link it anew.'

const HINTS: Readonly<Record<LeftReason, string>> = {
  unlinked: BEGIN_ANEW,
  expired: BEGIN_ANEW,
  recovered: BEGIN_ANEW,
  suspended: 'Readmit it on a device above it, such as the first one: it keeps what it has.',
  left: 'Readmit it on a device above it, such as the first one: it keeps what it has.',
  held: 'The account has its 8 devices; unlink one, and this one is in.',
}

const SENTENCES: Readonly<Record<LeftReason, string>> = {
  unlinked: 'this device was unlinked from its account',
  expired: 'the time of this device in its account is over',
  recovered: 'the account was recovered without this device',
  suspended: 'this device is suspended from its account',
  left: 'this device has left its account',
  held: 'this device is held: its account has as many devices as it may',
}

function outError(reason: LeftReason): KithError {
  return new KithError('ERR_DEVICE_OUT', SENTENCES[reason], { hint: HINTS[reason] })
}
