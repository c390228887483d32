import { type AccountId, KithError } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import { type DeviceLogs, openDeviceLogs } from '../account/device-logs.ts'
import { ownReachability } from '../account/ways.ts'
import type { LeftReason } from '../api/devices.ts'
import type { NodeEvents } from '../api/events.ts'
import type { Status } from '../api/status.ts'
import type { DeviceContext } from '../context.ts'
import { endAll } from '../ending.ts'
import { codeOf } from '../faults.ts'
import { mendHome, restoreOwnLog } from '../healing/damaged-home.ts'
import { keepSpare } from '../healing/spare.ts'
import { type OpenAccount, openAccount } from '../open-account.ts'
import { retry } from '../retry.ts'
import { createSerial } from '../serial.ts'
import { watchExpiry } from './expiry.ts'
import { leftReason } from './removals.ts'
import { netForRuns } from './run-net.ts'
import { type RunStore, storeForRun } from './run-store.ts'
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

/** What one run stands on, and how it ends. */
interface Ground {
  readonly context: DeviceContext
  readonly over: AbortController
  readonly written: RunStore
}

/** The account while this device is in, or why it is not. */
type Run =
  | { readonly kind: 'in'; readonly open: OpenAccount; readonly ground: Ground }
  | { readonly kind: 'out'; readonly reason: LeftReason; readonly ground: Ground }

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
    const ground = newGround()
    const open = await openAccount(ground.context, at, events).catch(async (error: unknown) => {
      // Whatever was started already goes on for nobody.
      ground.over.abort(error)
      await ground.written.end()
      throw error
    })
    run = { kind: 'in', open, ground }
    void open.healed.then(() => reopen(open))
    events.emit('account:ready', { account: at.account, device })
  }

  async function goOut(at: NonNullable<typeof home>, reason: LeftReason): Promise<void> {
    const ground = newGround()
    run = { kind: 'out', reason, ground }
    net.keep([])
    if (MAY_RETURN.has(reason)) await startWaiting(ground.context, at)
    events.emit('account:left', { reason })
  }

  function newGround(): Ground {
    const over = new AbortController()
    // A run ends with its device. Of a signal made of both, Node would hold the listeners for good, and so the run.
    signal.addEventListener('abort', () => over.abort(signal.reason), { signal: over.signal })
    if (signal.aborted) over.abort(signal.reason)
    const written = storeForRun(context.store)
    const { store } = written
    const ends = over.signal
    return { over, written, context: { ...context, store, net: netOf(ends), signal: ends } }
  }

  /** What was opened while something could not be read (OUT-5). */
  function reopen(before: OpenAccount): Promise<void> {
    return openAnew(async () => {
      if (run?.kind === 'in' && run.open === before) await leaveRun()
    })
  }

  /** What is in memory may come from what was lost, so nothing of the run stays. */
  function mend(): Promise<void> {
    return openAnew(async () => {
      if (run?.kind === 'in') await leaveRun()
      await mendHome(context)
      if (home) await restoreOwnLog(context, home)
    })
  }

  /** Until it opens, since nobody would open it later: the disk may be full, or have more damage (STO-55). */
  function openAnew(prepare: () => Promise<void>): Promise<void> {
    return retry(context, {
      what: 'opening the account anew',
      attempt: async () => {
        try {
          await inTurn('membership', prepare)
          await settle()
        } catch (error) {
          warnUnopened(error)
          throw error
        }
      },
      wanted: () => true,
      asked: signal,
    })
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
    const { over, written } = ended.ground
    over.abort(new KithError('ERR_DEVICE_OUT', 'this device is out of its account'))
    await endAll(
      () => (ended.kind === 'in' ? ended.open.close() : undefined),
      () => written.end(),
    )
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
    const relays = net.relays()
    return {
      ...{ account, device, name, ...ownReachability(context) },
      ...{ devices: [], relays, pending: 0, left },
    }
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
