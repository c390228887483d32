import {
  type AccountId,
  accountId,
  bytes,
  type Codec,
  codec,
  type DeviceId,
  deviceId,
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
const placeShape: Shape<Place> = record({
  device: deviceId,
  addresses: list(text({ max: 512 }), { max: MAX_ADDRESSES }),
})

/** Where a device says it, or a sibling of it, can be dialled. */
export interface Place {
  readonly device: DeviceId
  readonly addresses: readonly string[]
}

/** To a device that is known: who I am, what I hold of the device logs that concern us both. */
export interface Hello {
  readonly kind: 'hello'
  readonly account: AccountId
  /** Heads of device logs, 32 bytes each. */
  readonly logs: readonly { readonly account: AccountId; readonly head: Uint8Array }[]
  /** The encoded device card. */
  readonly card: Uint8Array
  readonly places: readonly Place[]
}

/** A frame of `/kith/hello/1`. */
export type HelloFrame =
  | Hello
  /** I do not know you: show the device log of your account, then I say who I am. */
  | { readonly kind: 'unknown' }
  /** One device log that the other holds differently, encoded; sent for each. */
  | { readonly kind: 'log'; readonly account: AccountId; readonly entries: Uint8Array }
  | { readonly kind: 'done' }

const helloShape: Shape<HelloFrame> = variants('kind', {
  hello: record({
    account: accountId,
    logs: list(record({ account: accountId, head: bytes({ length: 32 }) }), { max: MAX_COMPARED }),
    card: bytes({ max: 8192 }),
    places: list(placeShape, { max: MAX_PLACES }),
  }),
  unknown: record({}),
  log: record({ account: accountId, entries: bytes({ max: MAX_LOG_BYTES }) }),
  done: record({}),
})

/** Frames of a hello. */
export const helloCodec: Codec<HelloFrame> = codec(helloShape, { maxBytes: HELLO.maxFrameBytes })
