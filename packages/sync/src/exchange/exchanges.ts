import type { Clock, DeviceId } from '@kithmesh/protocol'
import type { AccountLog } from '../log/account-log.ts'
import { heldRanges } from '../log/holdings.ts'
import type { Lane, LaneSpan } from '../log/lane.ts'
import { createLaneRanges } from '../log/lane-ranges.ts'
import { countRanges, differenceRanges, type RangeSet } from '../range-set.ts'
import type { Scheduler } from '../scheduler.ts'
import { createEvents, type TypedEvents } from '../typed-events.ts'
import { createClaims } from './claims.ts'
import type { ExchangeEnd } from './ending.ts'
import { type ExchangeStream, runExchange, type Withheld } from './exchange.ts'
import { createSiblingView, type SiblingView } from './sibling-view.ts'

/** `detail` of the events by name. */
export interface ExchangesEvents {
  /** How many records the sibling can send that are still missing here; 0 when caught up. */
  'sibling:progress': { readonly sibling: DeviceId; readonly missing: number }
  /**
   * All that the sibling can send is here. Comes once an exchange, and again after each time
   * something was missing.
   */
  'sibling:caught-up': { readonly sibling: DeviceId }
  /**
   * A sibling says that it has records of this device's own lane, durably: what they tell is on more
   * than one disk. Comes when it is met, for all it has, and again for each that it takes in.
   */
  'sibling:holds': {
    readonly device: DeviceId
    readonly lane: Lane
    readonly ranges: RangeSet
  }
}

/** How {@link createExchanges} is asked. */
export interface ExchangesOptions<Alongside = never> {
  readonly log: AccountLog<Alongside>
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly scheduler: Scheduler
  /**
   * Whether a device is one of this account, asked at each frame: a removal ends its exchange
   * (A5, A8).
   */
  readonly isSibling: (device: DeviceId) => boolean
  /** Where this device's newest whole snapshot stands. */
  readonly snapshot?: () => LaneSpan | undefined
  /** A sibling cannot make its state whole from records and asks for a snapshot. */
  readonly onSnapshotAsked?: () => void
}

/** One exchange to run. */
export interface ExchangeRun {
  readonly sibling: DeviceId
  readonly stream: ExchangeStream
  /** What is withheld from the sibling for a time. Default: nothing. */
  readonly withheld?: Withheld
}

/** The exchanges of one device with its siblings. */
export interface Exchanges {
  readonly events: TypedEvents<ExchangesEvents>
  /** Exchanges until either side ends it. Rejects only when the own store does. */
  run(run: ExchangeRun, options?: { readonly signal?: AbortSignal }): Promise<ExchangeEnd>
  /** Records here that a sibling is not known to have; of one never met, all of them. */
  pending(sibling: DeviceId): number
  /** Records of all lanes of this name that a sibling met since the start has, and this device has not. */
  lacking(lane: Lane): number
  /** Asks every sibling connected now for a snapshot. */
  askSnapshot(): void
}

/**
 * The exchanges of one device. All of them share what is being fetched, so that each record comes
 * from one sibling.
 *
 * @example
 * ```ts
 * const exchanges = createExchanges({ log, clock, scheduler, isSibling })
 * const end = await exchanges.run({ sibling, stream }, { signal })
 * ```
 */
export function createExchanges<Alongside = never>(
  options: ExchangesOptions<Alongside>,
): Exchanges {
  const { log } = options
  const events = createEvents<ExchangesEvents>()
  const claims = createClaims()
  const views = new Map<DeviceId, SiblingView>()
  const snapshotAsks = new Set<() => void>()

  const run: Exchanges['run'] = ({ sibling, stream, withheld }, call) => {
    const view = createSiblingView()
    views.set(sibling, view)
    return runExchange(
      {
        log,
        sibling,
        stream,
        view,
        claims,
        clock: options.clock,
        scheduler: options.scheduler,
        isSibling: options.isSibling,
        withheld,
        snapshot: options.snapshot ?? (() => undefined),
        snapshotAsked: options.onSnapshotAsked ?? (() => {}),
        snapshotAsks,
        missing: progressOf(sibling, view),
        holds: (lane, ranges) => events.emit('sibling:holds', { device: sibling, lane, ranges }),
      },
      call,
    )
  }
  /** Says each number once, and `caught-up` when it falls to none. */
  const progressOf = (sibling: DeviceId, view: SiblingView): ((missing: number) => void) => {
    let last: number | undefined
    return (missing) => {
      if (!view.isComplete || missing === last) return
      last = missing
      events.emit('sibling:progress', { sibling, missing })
      if (missing === 0) events.emit('sibling:caught-up', { sibling })
    }
  }
  return {
    events,
    run,
    pending: (sibling) => pendingOf(log, views.get(sibling)),
    lacking: (lane) => lackingOf(log, lane, [...views.values()]),
    askSnapshot: () => {
      for (const ask of snapshotAsks) ask()
    },
  }
}

function pendingOf(log: Pick<AccountLog, 'holdings'>, view: SiblingView | undefined): number {
  return log
    .holdings()
    .map((lane) => differenceRanges(lane.stored, view?.has(lane) ?? []))
    .reduce((sum, lacking) => sum + countRanges(lacking), 0)
}

/** What one of the siblings can send of the lanes of this name, each place once. */
function lackingOf(
  log: Pick<AccountLog, 'holdingsOf'>,
  name: Lane,
  views: readonly SiblingView[],
): number {
  const served = createLaneRanges()
  for (const view of views) {
    for (const lane of view.lanes()) if (lane.lane === name) served.add(lane, view.serves(lane))
  }
  return served
    .lanes()
    .map((lane) => differenceRanges(served.of(lane), heldRanges(log.holdingsOf(lane))))
    .reduce((sum, lacking) => sum + countRanges(lacking), 0)
}
