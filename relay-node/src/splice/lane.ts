import { Socket } from 'node:net'
import type { RawRoad } from '@kithmesh/net'

/** One socket of a spliced pair, as the pump sees it. */
export interface Lane {
  /** Starts reading; `take` is called with each chunk, and answers whether more may come now. */
  start(take: (bytes: Uint8Array) => boolean): void
  /** Reads on after `take` said no. */
  resume(): void
  /** Whether it is done with the bytes already; else {@link Lane.onDrain} tells when it is. */
  write(bytes: Uint8Array): boolean
  onDrain(listener: () => void): void
  /** No more comes from it. */
  onEnd(listener: () => void): void
  onClose(listener: () => void): void
  /** No more goes to it, behind what was written. */
  end(): void
  /** Breaks it, so that the device knows it was no end (rule RLY-10). */
  cut(): void
  /** Bytes of it in memory. */
  held(): number
}

/**
 * The lane of a socket: a quick one where the socket is a plain one of TCP. Nothing may have been read from it but what
 * was told it before, and nobody else may touch it from now on.
 */
export function laneOf(road: RawRoad): Lane {
  return quickLane(road) ?? plainLane(road)
}

/** Any socket. */
export function plainLane(road: RawRoad): Lane {
  return {
    start(take) {
      road.allowHalfOpen = true // the other direction goes on (rule RLY-10)
      road.on('data', (bytes) => {
        if (!take(bytes)) road.pause()
      })
      road.resume()
    },
    resume: () => void road.resume(),
    write: (bytes) => road.write(bytes),
    onDrain: (listener) => void road.on('drain', listener),
    onEnd: (listener) => void road.on('end', listener),
    onClose: (listener) => (road.destroyed ? listener() : void road.on('close', listener)),
    end: () => void road.end(),
    cut: () => cut(road),
    held: () => road.readableLength + road.writableLength,
  }
}

/** Breaks a socket, so that the device knows it was no end. */
export function cut(road: RawRoad): void {
  if (road.destroyed) return
  if (road.writableEnded || road.resetAndDestroy === undefined) road.destroy()
  else road.resetAndDestroy()
}

/** What Node reads from a socket at once; more was not quicker. */
const READ_BYTES = 64 * 1024

/**
 * A lane that reads into the same memory each time. Node makes new memory for each read, and clearing and collecting it
 * was half of what a relay spent per byte: 0.9 against 0.5 CPU seconds a gigabyte. It offers `onread` only to sockets
 * that are made with it (https://nodejs.org/api/net.html#socketconnectoptions-connectlistener), and sockets that were
 * accepted are not: so their handle is given to one that is. Undefined where a socket has no such handle, or this
 * version of Node keeps it elsewhere: the plain lane carries the same bytes.
 */
export function quickLane(road: RawRoad): Lane | undefined {
  if (!(road instanceof Socket) || road.destroyed || hasEnd(road)) return undefined
  const handle: unknown = Reflect.get(road, '_handle')
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle))
    return undefined
  const early: Uint8Array | null = road.read()
  let taker = (_bytes: Uint8Array): boolean => false
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const options = {
    handle,
    allowHalfOpen: true,
    pauseOnCreate: true,
    // `drain` then follows each write that is not done at once: until it, the memory is the write's
    highWaterMark: 1,
    onread: { buffer, callback: (length: number) => taker(buffer.subarray(0, length)) },
  }
  Reflect.set(road, '_handle', null)
  const socket = new Socket(options)
  socket.on('error', () => {})
  // the server counts the first one, and waits for its end when it closes
  socket.once('close', () => road.destroy())
  return {
    start(take) {
      taker = take
      if (early === null || take(early)) socket.resume()
    },
    resume: () => void socket.resume(),
    write(bytes) {
      socket.write(bytes)
      return socket.writableLength === 0
    },
    onDrain: (listener) => void socket.on('drain', listener),
    onEnd: (listener) => void socket.on('end', listener),
    onClose: (listener) => void socket.on('close', listener),
    end: () => void socket.end(),
    cut: () => cut(socket),
    held: () => socket.writableLength,
  }
}

/** Whether the end came already: told to the first socket, it would be told to nobody. */
function hasEnd(road: Socket): boolean {
  const state: unknown = Reflect.get(road, '_readableState')
  return typeof state !== 'object' || state === null || Reflect.get(state, 'ended') !== false
}
