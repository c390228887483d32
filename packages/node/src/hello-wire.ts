import {
  accountId,
  bytes,
  type Codec,
  codec,
  deviceId,
  type Infer,
  list,
  MAX_LOG_BYTES,
  record,
  type Shape,
  text,
  variants,
} from '@kithmesh/protocol'
import { MAX_ADDRESSES } from './addresses.ts'
import { HELLO } from './protocols.ts'

/** Accounts one hello may compare: this one and its contacts. More contacts are compared in rotation. */
export const MAX_COMPARED = 512
/** Devices one hello may place: one's own, and to siblings also those of contacts. */
export const MAX_PLACES = 256

/** Addresses of one device, as text multiaddrs. */
export const placeShape: Shape<Place> = record({
  device: deviceId,
  addresses: list(text({ max: 512 }), { max: MAX_ADDRESSES }),
})

/** Where a device says it, or a sibling of it, can be dialled. */
export interface Place {
  readonly device: Infer<typeof deviceId>
  readonly addresses: readonly string[]
}

const helloShape = variants('kind', {
  /** Who I am, what I hold of the device logs that concern us both, and where my devices are. */
  hello: record({
    account: accountId,
    logs: list(record({ account: accountId, head: bytes({ length: 32 }) }), { max: MAX_COMPARED }),
    card: bytes({ max: 8192 }),
    places: list(placeShape, { max: MAX_PLACES }),
  }),
  /** One device log the other holds differently; sent for each, then `done`. */
  log: record({ account: accountId, entries: bytes({ max: MAX_LOG_BYTES }) }),
  done: record({}),
})

/** A frame of `/kith/hello/1`. */
export type HelloFrame = Infer<typeof helloShape>
/** The first frame of either side. */
export type Hello = Extract<HelloFrame, { kind: 'hello' }>

export const helloCodec: Codec<HelloFrame> = codec(helloShape, { maxBytes: HELLO.maxFrameBytes })
