/**
 * What speaks for records of a device that is out (ALOG-18): its key may sign anything now, also with an
 * old number. So each device that is in says how far it holds the other's lane `messages`, and what hangs
 * together with that by hashes is what was written before.
 */

import {
  bytes,
  type Codec,
  codec,
  type DeviceId,
  decoded,
  deviceId,
  equalBytes,
  list,
  record,
  uint,
} from '@kithmesh/protocol'
import type { RecordEvent } from './accepting.ts'
import { MAX_SEQ } from './lane.ts'
import type { RecordContent } from './record.ts'

/** A place of a lane `messages` and the hash of the record there. */
export interface VouchedPlace {
  readonly seq: number
  /** 32 bytes. */
  readonly hash: Uint8Array
}

/** Places of one device that is out, which the device that says this holds and all below them. */
export interface Vouch {
  readonly device: DeviceId
  readonly places: readonly VouchedPlace[]
}

/** The kind of content that carries a vouch, in the lane `messages`. */
const VOUCHED_KIND = 'vouched'
/** Places in one content: the tops of the ranges held, one where nothing is missing. */
const MAX_PLACES = 256

const vouchCodec: Codec<Vouch> = codec(
  record({
    device: deviceId,
    places: list(record({ seq: uint({ max: MAX_SEQ }), hash: bytes({ length: 32 }) }), {
      max: MAX_PLACES,
    }),
  }),
  { maxBytes: 16 * 1024 },
)

/** A vouch as contents of a record. */
export function vouchContents({ device, places }: Vouch): readonly RecordContent[] {
  const contents: RecordContent[] = []
  for (let at = 0; at < places.length; at += MAX_PLACES) {
    const body = vouchCodec.encode({ device, places: places.slice(at, at + MAX_PLACES) })
    contents.push({ kind: VOUCHED_KIND, body })
  }
  return contents
}

/** Who vouched for what. Fills itself from the log when it is first asked: most accounts never do. */
export interface VouchBook {
  /** Notes what durable records say; the devices they vouch for. */
  note(events: readonly RecordEvent[]): readonly DeviceId[]
  /** Notes a durable vouch of this device. */
  add(voucher: DeviceId, vouch: Vouch): void
  /** Whether one of these devices vouched for this very record. */
  holds(vouchers: readonly DeviceId[], device: DeviceId, place: VouchedPlace): Promise<boolean>
}

/** A book of vouches. `readOf`: every durable record of the lane `messages` of one device. */
export function createVouchBook(
  readOf: (voucher: DeviceId) => AsyncIterable<RecordEvent>,
): VouchBook {
  const byVoucher = new Map<DeviceId, Map<string, VouchedPlace[]>>()
  const loaded = new Map<DeviceId, Promise<void>>()

  const add = (voucher: DeviceId, { device, places }: Vouch): void => {
    const vouches = byVoucher.get(voucher) ?? new Map<string, VouchedPlace[]>()
    byVoucher.set(voucher, vouches)
    for (const place of places) {
      const key = keyOf(device, place.seq)
      vouches.set(key, [...(vouches.get(key) ?? []), place])
    }
  }
  const note = (events: readonly RecordEvent[]): readonly DeviceId[] =>
    events.flatMap((event) =>
      vouchesIn(event).map((vouch) => {
        add(event.record.device, vouch)
        return vouch.device
      }),
    )
  const load = (voucher: DeviceId): Promise<void> => {
    const loading = loaded.get(voucher) ?? read(voucher)
    loaded.set(voucher, loading)
    return loading
  }
  const read = async (voucher: DeviceId): Promise<void> => {
    try {
      for await (const event of readOf(voucher)) note([event])
    } catch (error) {
      // Read again when it is asked again: a store that cannot be read now can be later.
      loaded.delete(voucher)
      throw error
    }
  }
  return {
    note,
    add,
    holds: async (vouchers, device, { seq, hash }) => {
      for (const voucher of vouchers) {
        await load(voucher)
        const places = byVoucher.get(voucher)?.get(keyOf(device, seq)) ?? []
        if (places.some((place) => equalBytes(place.hash, hash))) return true
      }
      return false
    },
  }
}

function keyOf(device: DeviceId, seq: number): string {
  return `${seq}/${device}`
}

function vouchesIn({ record: { lane }, contents }: RecordEvent): readonly Vouch[] {
  if (lane !== 'messages') return []
  return contents
    .filter(({ kind }) => kind === VOUCHED_KIND)
    .flatMap(({ body }) => decoded(vouchCodec, body) ?? [])
}
