import { Uint8ArrayList } from 'uint8arraylist'
import { NetError } from '../errors.ts'
import { varint } from './varint.ts'

/** A stage of a pipeline: takes what the stage before gives, gives on. */
export type Stage<In, Out> = (source: AsyncIterable<In>) => AsyncGenerator<Out, void, undefined>

/** Lengths are unsigned varints (https://github.com/multiformats/unsigned-varint) of up to 2³²−1. */
const MAX_LENGTH_BYTES = 5

/** One frame with its length in front. @throws ERR_FRAME_TOO_LONG */
export function encodeFrame(frame: Uint8Array, maxFrameBytes: number): Uint8Array {
  if (frame.byteLength > maxFrameBytes) throw tooLong(frame.byteLength, maxFrameBytes)
  const head = varint(frame.byteLength)
  const whole = new Uint8Array(head.length + frame.byteLength)
  whole.set(head)
  whole.set(frame, head.length)
  return whole
}

/** The first frame of what has come, and what came behind it. */
export interface FirstFrame {
  readonly frame: Uint8Array
  readonly rest: Uint8Array
}

/**
 * Takes one frame off what has come; undefined while it is not all there.
 *
 * @throws ERR_FRAME_TOO_LONG, ERR_FRAME_MALFORMED as soon as its length is there
 */
export function firstFrame(come: Uint8Array, maxFrameBytes: number): FirstFrame | undefined {
  const held = new Uint8ArrayList(come)
  const length = takeLength(held, maxFrameBytes)
  if (length === undefined || held.byteLength < length) return undefined
  return { frame: held.subarray(0, length), rest: held.subarray(length) }
}

/** Frames → frames with their length in front. */
export function framesToBytes(maxFrameBytes: number): Stage<Uint8Array, Uint8Array> {
  return async function* (frames) {
    for await (const frame of frames) yield encodeFrame(frame, maxFrameBytes)
  }
}

/**
 * Chunks of any size → whole frames (rule NET-14). A frame longer than allowed is refused as soon as
 * its length is read, before any of it is held.
 *
 * @throws ERR_FRAME_TOO_LONG, ERR_FRAME_MALFORMED
 */
export function bytesToFrames(
  maxFrameBytes: number,
): Stage<Uint8Array | Uint8ArrayList, Uint8Array> {
  return async function* (chunks) {
    const held = new Uint8ArrayList()
    let length: number | undefined
    for await (const chunk of chunks) {
      held.append(chunk)
      for (;;) {
        length ??= takeLength(held, maxFrameBytes)
        if (length === undefined || held.byteLength < length) break
        const frame = copyOf(held, length)
        held.consume(length)
        length = undefined
        yield frame
      }
    }
    if (length !== undefined || held.byteLength > 0) throw malformed('it ends within a frame')
  }
}

/** A frame has memory of its own: a small one must not keep a large chunk, or a pool, alive. */
function copyOf(held: Uint8ArrayList, length: number): Uint8Array {
  const frame = new Uint8Array(length)
  let at = 0
  for (const part of held) {
    if (at === length) break
    const piece = part.subarray(0, length - at)
    frame.set(piece, at)
    at += piece.byteLength
  }
  return frame
}

/** Takes a whole length off the front; undefined while it is not all there. */
function takeLength(held: Uint8ArrayList, maxFrameBytes: number): number | undefined {
  let value = 0
  for (let index = 0; index < MAX_LENGTH_BYTES; index += 1) {
    if (index >= held.byteLength) return undefined
    const byte = held.get(index)
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) {
      if (byte === 0 && index > 0) throw malformed('a length is not in its shortest form')
      if (value > maxFrameBytes) throw tooLong(value, maxFrameBytes)
      held.consume(index + 1)
      return value
    }
  }
  throw malformed('a length has more than five bytes')
}

function tooLong(length: number, maxFrameBytes: number): NetError {
  return new NetError('ERR_FRAME_TOO_LONG', `A frame of ${length} bytes, ${maxFrameBytes} allowed`)
}

function malformed(what: string): NetError {
  return new NetError('ERR_FRAME_MALFORMED', `Not a sequence of frames: ${what}`)
}
