import type { AccountId, DeviceId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import type { Peers } from '../greeting/peers.ts'
import { endedDevices } from './expiry.ts'
import type { Standing } from './standing.ts'
import type { WatchDays } from './watch-days.ts'

/** Twice a day, so that no day on which this device is up goes unnoticed. */
const LOOK_MS = 12 * 60 * 60 * 1000
/** Whoever is on has that long to be met before this device, just started, judges anybody. */
const SETTLE_MS = 10 * 60 * 1000

/**
 * Notes whom this device meets, suspends devices of the account that nobody has met for 30 days (OUT-10),
 * and unlinks those whose time is over (OUT-17).
 */
export function watchIdle(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: DeviceLogs
    readonly peers: Pick<Peers, 'events' | 'accountOf'>
    readonly watch: WatchDays
    readonly standing: Pick<Standing, 'suspendIdle' | 'unlink'>
  },
): void {
  const { net, clock, scheduler, signal, logger } = context
  const { account, logs, peers, watch, standing } = parts
  let known = new Set(logs.devicesOf(account))
  let cancel = scheduler.schedule(SETTLE_MS, look)
  signal.addEventListener('abort', () => cancel())

  inBackground(watch.noteUp())
  peers.events.addEventListener(
    'peer:known',
    ({ detail }) => {
      if (detail.account === account) inBackground(watch.noteMet(detail.device))
    },
    { signal },
  )
  logs.events.addEventListener(
    'log:changed',
    ({ detail }) => {
      if (detail.account === account) inBackground(welcome())
    },
    { signal },
  )

  /** Who comes in, or back, has its 30 days before it. */
  async function welcome(): Promise<void> {
    const before = known
    known = new Set(logs.devicesOf(account))
    for (const device of known) {
      if (!before.has(device) && device !== context.device) await watch.noteIn(device)
    }
  }

  function look(): void {
    cancel = scheduler.schedule(LOOK_MS, look)
    inBackground(judge())
  }

  async function judge(): Promise<void> {
    await watch.noteUp()
    const connected = new Set(net.connected())
    const here = logs.devicesOf(account).filter((device) => isHere(device, connected))
    for (const device of here) await watch.noteMet(device)
    const idle = watch.idle()
    if (idle.length > 0) await standing.suspendIdle(idle)
    for (const device of ended()) await standing.unlink(device)
  }

  function ended(): readonly DeviceId[] {
    const state = logs.get(account)
    return state ? endedDevices(state, { self: context.device, now: clock.now() }) : []
  }

  function isHere(device: DeviceId, connected: ReadonlySet<string>): boolean {
    return connected.has(device) && peers.accountOf(device) === account
  }

  function inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!signal.aborted) logger.warn('idle devices are not looked at', { code: codeOf(error) })
    })
  }
}
