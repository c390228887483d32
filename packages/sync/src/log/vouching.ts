import { type DeviceId, equalBytes } from '@kithmesh/protocol'
import type { AccountLog, LogCallOptions } from './account-log.ts'
import type { Appending } from './appending.ts'
import type { HoldingsBook, LaneHoldings } from './holdings.ts'
import type { LaneSpan, LogPosition } from './lane.ts'
import type { RecordSealer } from './seal.ts'
import { type VouchBook, type VouchedPlace, vouchContents } from './vouches.ts'

/** What {@link createVouching} works with. */
export interface VouchingParts<Alongside> {
  readonly device: DeviceId
  readonly book: Pick<HoldingsBook, 'list'>
  readonly vouches: VouchBook
  readonly mayWrite: (device: DeviceId) => boolean
  readonly hashAt: AccountLog['hashAt']
  readonly read: AccountLog['read']
  readonly hashOf: RecordSealer['hashOf']
  readonly append: Appending<Alongside>['append']
}

/**
 * Says how far this device holds the messages of each device that is out. Resolves when it is durable;
 * what this device said before it does not say again.
 */
export function createVouching<Alongside>(
  parts: VouchingParts<Alongside>,
): (call: LogCallOptions) => Promise<void> {
  const { device: self, book, vouches, mayWrite, hashAt, append } = parts

  const isSaid = async (position: LogPosition, call: LogCallOptions): Promise<boolean> => {
    const { device, seq } = position
    const hash = await hashAt(position, call)
    return hash !== undefined && vouches.holds([self], device, { seq, hash })
  }
  const unsaidPlaces = async (lane: LaneHoldings, call: LogCallOptions) => {
    const places: VouchedPlace[] = []
    for (const range of lane.stored) {
      if (await isSaid({ ...lane, seq: range.to }, call)) continue
      places.push(...(await endsOfChains(parts, { ...lane, ...range }, call)))
    }
    return places
  }
  return async (call) => {
    if (!mayWrite(self)) return
    const out = book.list().filter(({ device, lane }) => lane === 'messages' && !mayWrite(device))
    for (const lane of out) {
      const vouch = { device: lane.device, places: await unsaidPlaces(lane, call) }
      const contents = vouchContents(vouch)
      await Promise.all(contents.map((one) => append({ lane: 'messages', contents: [one] }, call)))
      vouches.add(self, vouch)
    }
  }
}

/**
 * The top of a span, and each place that the record above does not name: what lies below a hole or a
 * fork does not hang together with what lies above it.
 */
async function endsOfChains<Alongside>(
  { read, hashOf }: Pick<VouchingParts<Alongside>, 'read' | 'hashOf'>,
  { device, lane, from, to }: LaneSpan,
  call: LogCallOptions,
): Promise<readonly VouchedPlace[]> {
  const ends: VouchedPlace[] = []
  let below: VouchedPlace | undefined
  for await (const record of read({ device, lane, from, to }, call)) {
    if (below !== undefined && !equalBytes(record.prev, below.hash)) ends.push(below)
    below = { seq: record.seq, hash: await hashOf(record) }
  }
  return below === undefined ? ends : [...ends, below]
}
