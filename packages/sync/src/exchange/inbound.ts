import { type DeviceId, equalBytes, isKithError } from '@kithmesh/protocol'
import type { AccountLog } from '../log/account-log.ts'
import type { Lane } from '../log/lane.ts'
import type { Pack } from '../log/pack.ts'
import type { LogRecord } from '../log/record.ts'
import { type RangeSet, rangesOf } from '../range-set.ts'
import type { Answered, Asking } from './asking.ts'
import type { ExchangeFailure } from './ending.ts'
import { type ExchangeFrame, type FrameOf, frameCodec, type HeldLane } from './frames.ts'
import type { Serving } from './serving.ts'
import { MAX_LANES, type SiblingView } from './sibling-view.ts'
import type { Telling } from './telling.ts'

/** What a sibling's frames do here. */
export interface Inbound {
  /**
   * Deals with one frame; resolves when what it brought is durable. Names what is wrong with it.
   */
  take(bytes: Uint8Array): Promise<ExchangeFailure | undefined>
  /** The next answer to a `live`. */
  nextReply(): FrameOf<'done'> | undefined
}

/** What {@link createInbound} works with. */
export interface InboundParts {
  readonly log: AccountLog
  readonly sibling: DeviceId
  readonly view: SiblingView
  readonly asking: Asking
  readonly serving: Serving
  readonly telling: Telling
  readonly snapshotAsked: () => void
  readonly missing: (count: number) => void
  readonly holds: (lane: Lane, ranges: RangeSet) => void
  readonly signal: AbortSignal
}

/** Answers to `live` that wait to be sent: twice what a sibling may have on the way. */
const MAX_REPLIES = 512

/** Deals with the frames of one sibling. */
export function createInbound(parts: InboundParts): Inbound {
  const { log, view, asking, serving, telling, signal } = parts
  const replies: FrameOf<'done'>[] = []

  const learn = async (lanes: readonly HeldLane[]): Promise<ExchangeFailure | undefined> => {
    view.learn(lanes)
    if (view.lanes().length > MAX_LANES) return 'ERR_EXCHANGE_LIMIT'
    for (const lane of lanes) await compareTips(log, lane)
    for (const { device, lane, stored } of lanes) {
      if (device === log.device && stored.length > 0) parts.holds(lane, stored)
    }
    parts.missing(asking.missing())
    return undefined
  }
  const takeHolds = async (frame: FrameOf<'holds'>): Promise<ExchangeFailure | undefined> => {
    if (view.isComplete) return 'ERR_EXCHANGE_LIMIT'
    if (frame.last) view.complete(frame.snapshot)
    return learn(frame.lanes)
  }
  const takeIn = async (records: readonly LogRecord[]): Promise<void> => {
    const { round } = asking
    asking.note(await log.accept(records, { signal }), round)
  }
  const takeRecords = async (frame: FrameOf<'records'>): Promise<ExchangeFailure | undefined> => {
    const answered = asking.open(frame)
    if (answered === undefined) return 'ERR_EXCHANGE_LIMIT'
    const packed = await unpack(frame.pack, answered)
    if (packed === undefined) return 'ERR_EXCHANGE_MALFORMED'
    await takeIn([...answered.records, ...packed])
    asking.settle(frame)
    parts.missing(asking.missing())
    return undefined
  }
  /** Undefined when it is no pack of these places. */
  const unpack = async (
    pack: Pack | undefined,
    { lane }: Answered,
  ): Promise<readonly LogRecord[] | undefined> => {
    if (pack === undefined) return []
    const { round } = asking
    const unpacked = await log.unpack(lane, pack)
    switch (unpacked.kind) {
      case 'records':
        return unpacked.records
      case 'epoch-unknown':
        asking.putAside(lane, pack.places, round)
        return []
      case 'unreadable':
        return undefined
    }
  }
  const takeLive = async (frame: FrameOf<'live'>): Promise<ExchangeFailure | undefined> => {
    const { id, lane, records } = frame
    if (replies.length >= MAX_REPLIES) return 'ERR_EXCHANGE_LIMIT'
    const own = { device: parts.sibling, lane }
    const stored = rangesOf(records.map(({ seq }) => seq))
    view.learn([{ ...own, stored, covered: [] }])
    await takeIn(records.map((body) => ({ ...own, ...body })))
    replies.push({ kind: 'done', id })
    return undefined
  }
  const react = (
    frame: ExchangeFrame,
  ): Promise<ExchangeFailure | undefined> | ExchangeFailure | undefined => {
    switch (frame.kind) {
      case 'holds':
        return takeHolds(frame)
      case 'held':
        return learn(frame.lanes)
      case 'want':
        return serving.take(frame) ? undefined : 'ERR_EXCHANGE_LIMIT'
      case 'records':
        return takeRecords(frame)
      case 'live':
        return takeLive(frame)
      case 'done':
        return telling.done(frame.id) ? undefined : 'ERR_EXCHANGE_LIMIT'
      case 'ask-snapshot':
        parts.snapshotAsked()
        return undefined
    }
  }
  return {
    take: async (bytes) => {
      const frame = decodeOrNothing(bytes)
      return frame === undefined ? 'ERR_EXCHANGE_MALFORMED' : react(frame)
    },
    nextReply: () => replies.shift(),
  }
}

function decodeOrNothing(bytes: Uint8Array): ExchangeFrame | undefined {
  try {
    return frameCodec.decode(bytes)
  } catch (error) {
    if (isKithError(error)) return undefined
    throw error
  }
}

/** Where both have the sibling's newest record of a lane, it must be the same one (ALOG-10). */
async function compareTips(log: AccountLog, { device, lane, tip }: HeldLane): Promise<void> {
  if (tip === undefined) return
  const position = { device, lane, seq: tip.seq }
  const hash = await log.hashAt(position)
  if (hash !== undefined && !equalBytes(hash, tip.hash)) log.reportFork(position)
}
