/** Devices one of which lies in the account log (`/kith/sync/1`) when a test says so. */

import { createDevices, type Devices, type SeenFrame } from '../../packages/node/test/devices.ts'
import { type ExchangeFrame, frameCodec } from '../../packages/sync/src/exchange/frames.ts'

/** What of a device's frame goes on its way. */
export type Lie = (frame: ExchangeFrame) => readonly Uint8Array[]

/** What everybody says of whom no lie is told. */
export const honest: Lie = (frame) => [frameCodec.encode(frame)]

/** What a device says that also asks whoever it meets for a snapshot. */
export const askingForSnapshots: Lie = (frame) => [
  ...honest(frame),
  ...(frame.kind === 'holds' ? honest({ kind: 'ask-snapshot' }) : []),
]

/** Devices, and how each of them lies, by its name. */
export function createLiars(): { readonly devices: Devices; readonly lies: Map<string, Lie> } {
  const lies = new Map<string, Lie>()
  const lie = ({ from, protocol, bytes }: SeenFrame): readonly Uint8Array[] =>
    protocol === SYNC ? (lies.get(from) ?? honest)(frameCodec.decode(bytes)) : [bytes]
  return { devices: createDevices(undefined, lie), lies }
}

const SYNC = '/kith/sync/1'
