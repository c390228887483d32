import type { StreamMuxerFactory } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
import type { Clock } from '../environment.ts'
import { methodOf } from '../transports/method-of.ts'
import { FloodError } from './flood-error.ts'
import { createFrameMeter, type FrameHeader, type FrameMeter, SYN } from './frame-meter.ts'
import { createNegotiationWatch, type NegotiationWatch } from './negotiation-watch.ts'

/** What makes the multiplexing of a host. */
type MuxerFactory = NonNullable<Libp2pOptions['streamMuxers']>[number]

/** By what a peer's frames are measured. */
export interface MeterOptions {
  readonly clock: Pick<Clock, 'monotonic'>
  /** Streams it may open at once, and in four seconds. */
  readonly maxOpenings: number
}

/** The largest frame with bytes that is taken: the window of a stream, as none may send more (rule NET-5). */
const MAX_FRAME_BYTES = 1024 * 1024

/**
 * Yamux (https://github.com/hashicorp/yamux/blob/master/spec.md) whose frames are counted before they are looked at, and
 * whose streams are watched until both sides agree on a protocol. What a muxer throws on data ends its connection:
 * libp2p's own way for a broken frame.
 */
export function meteredFrames(create: MuxerFactory, options: MeterOptions): MuxerFactory {
  return (components) => {
    const factory: StreamMuxerFactory = create(components)
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = createStreamMuxer(connection)
      meter(muxer, createFrameMeter(options))
      watchNegotiations(muxer, () => protocolsOf(components))
      limitPartFrames(muxer)
      return muxer
    }
    return factory
  }
}

const YAMUX = '@chainsafe/libp2p-yamux'

interface Frame {
  readonly header: FrameHeader & { readonly streamID: number }
  readonly data?: { subarray(): Uint8Array }
}

function meter(muxer: object, frames: FrameMeter): void {
  const handleFrame = methodOf(muxer, 'handleFrame', YAMUX)
  const sendFrame = methodOf(muxer, 'sendFrame', YAMUX)
  Reflect.set(muxer, 'handleFrame', (frame: Frame) => {
    frames.came(frame.header)
    return Reflect.apply(handleFrame, muxer, [frame])
  })
  Reflect.set(muxer, 'sendFrame', (...given: readonly unknown[]) => {
    frames.sent()
    return Reflect.apply(sendFrame, muxer, given)
  })
}

/** Each new stream begins with a negotiation, whoever opened it. */
function watchNegotiations(muxer: object, protocols: () => readonly string[]): void {
  const newStream = methodOf(muxer, '_newStream', YAMUX)
  const handleFrame = methodOf(muxer, 'handleFrame', YAMUX)
  const watches = new Map<number, NegotiationWatch>()
  Reflect.set(muxer, '_newStream', (id: number, state: unknown, direction: string) => {
    const stream: EventTarget = Reflect.apply(newStream, muxer, [id, state, direction])
    // who dials takes any answer; who is dialled, what it serves
    const settles = (name: string): boolean =>
      direction === 'outbound' ? name.startsWith('/') : protocols().includes(name)
    watches.set(id, createNegotiationWatch(settles))
    stream.addEventListener('close', () => watches.delete(id))
    return stream
  })
  const look = ({ header, data }: Frame): void => {
    const watch = data === undefined ? undefined : watches.get(header.streamID)
    if (data === undefined || watch === undefined) return
    if (!watch.came(data.subarray())) watches.delete(header.streamID)
  }
  Reflect.set(muxer, 'handleFrame', (frame: Frame) => {
    // the frame that opens a stream may bring its first bytes, too
    const isOpening = (frame.header.flag & SYN) !== 0
    if (!isOpening && watches.size > 0) look(frame)
    const result: unknown = Reflect.apply(handleFrame, muxer, [frame])
    if (isOpening) look(frame)
    return result
  })
}

/** What this host serves, by libp2p's registrar. */
function protocolsOf(components: unknown): readonly string[] {
  const registrar: unknown =
    typeof components === 'object' && components !== null
      ? Reflect.get(components, 'registrar')
      : undefined
  if (typeof registrar !== 'object' || registrar === null)
    throw new TypeError('libp2p has no registrar')
  const names: unknown = Reflect.apply(methodOf(registrar, 'getProtocols', 'libp2p'), registrar, [])
  return Array.isArray(names) ? names.map(String) : []
}

const HEADER_BYTES = 12
const LENGTH_AT = 8

/** A frame is held until it is whole: one that says it is giant would be collected for ever. */
function limitPartFrames(muxer: object): void {
  const onData = methodOf(muxer, 'onData', YAMUX)
  Reflect.set(muxer, 'onData', (bytes: unknown) => {
    Reflect.apply(onData, muxer, [bytes])
    const held = heldBytes(muxer)
    if (held.byteLength < HEADER_BYTES) return
    const header = held.subarray(0, HEADER_BYTES)
    const length = new DataView(header.buffer, header.byteOffset).getUint32(LENGTH_AT)
    if (length > MAX_FRAME_BYTES) throw new FloodError('a frame longer than any window')
  })
}

interface HeldBytes {
  readonly byteLength: number
  subarray(from: number, to: number): Uint8Array
}

function heldBytes(muxer: object): HeldBytes {
  const decoder: unknown = Reflect.get(muxer, 'decoder')
  const buffer: unknown =
    typeof decoder === 'object' && decoder !== null ? Reflect.get(decoder, 'buffer') : undefined
  if (isHeldBytes(buffer)) return buffer
  throw new TypeError(`${YAMUX} has no buffer`)
}

function isHeldBytes(value: unknown): value is HeldBytes {
  return typeof value === 'object' && value !== null && 'byteLength' in value && 'subarray' in value
}
