import fc from 'fast-check'
import { pipe } from 'it-pipe'
import { describe, expect, test } from 'vitest'
import { bytesToFrames, encodeFrame, firstFrame, framesToBytes } from './framing.ts'

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

async function read(chunks: readonly Uint8Array[], max = 1_000): Promise<readonly Uint8Array[]> {
  const frames: Uint8Array[] = []
  for await (const frame of pipe(each(chunks), bytesToFrames(max))) frames.push(frame)
  return frames
}

async function written(frames: readonly Uint8Array[], max = 1_000): Promise<Uint8Array> {
  const bytes: number[] = []
  for await (const chunk of pipe(each(frames), framesToBytes(max))) bytes.push(...chunk)
  return Uint8Array.from(bytes)
}

/** Cuts bytes at the given places, which may be many, equal or out of range. */
function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const borders = [0, ...[...places].sort((a, b) => a - b), bytes.length]
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index], end))
}

describe('NET-14 frames', () => {
  test('NET-14 any frames come out as they went in, wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.nat(2_500), { maxLength: 40 }),
        async (frames, places) => {
          const bytes = await written(frames)
          const chunks = cut(
            bytes,
            places.map((place) => Math.min(place, bytes.length)),
          )
          expect(await read(chunks)).toEqual(frames)
        },
      ),
    )
  })

  test('NET-14 the first frame of what came, once it is whole, and what came behind it', () => {
    const frame = new Uint8Array(200).fill(7)
    const come = Uint8Array.of(...encodeFrame(frame, 200), 1, 2, 3)
    for (const length of [0, 1, 2, 201]) {
      expect(firstFrame(come.subarray(0, length), 200)).toBeUndefined()
    }
    expect(firstFrame(come, 200)).toEqual({ frame, rest: Uint8Array.of(1, 2, 3) })
    expect(() => firstFrame(come.subarray(0, 2), 199)).toThrow(
      expect.objectContaining({ code: 'ERR_FRAME_TOO_LONG' }),
    )
  })

  test('NET-14 a frame one byte too long is refused on both sides, the longest allowed is not', async () => {
    expect(await read([await written([new Uint8Array(200)], 200)], 200)).toHaveLength(1)
    await expect(written([new Uint8Array(201)], 200)).rejects.toMatchObject({
      code: 'ERR_FRAME_TOO_LONG',
    })
    const bytes = await written([new Uint8Array(201)])
    await expect(read([bytes], 200)).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LONG' })
  })

  test('NET-14 C3 a length is refused when it is read, before a byte of the frame is there', async () => {
    for (const head of [
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [0x80, 0x80, 0x80, 0x80, 0x10],
      [0xe9, 0x07],
    ]) {
      await expect(read([Uint8Array.from(head)])).rejects.toMatchObject({
        code: 'ERR_FRAME_TOO_LONG',
      })
    }
  })

  test('NET-14 C3 a length with more than five bytes, or not in its shortest form, is refused', async () => {
    for (const head of [
      [0x80, 0x80, 0x80, 0x80, 0x80],
      [0x80, 0x00],
      [0x81, 0x80, 0x00],
    ]) {
      await expect(read([Uint8Array.from(head)])).rejects.toMatchObject({
        code: 'ERR_FRAME_MALFORMED',
      })
    }
  })

  test('NET-12 an end within a frame or a length is no end', async () => {
    const bytes = await written([new Uint8Array(200)])
    for (let length = 1; length < bytes.length; length += 1) {
      await expect(read([bytes.subarray(0, length)])).rejects.toMatchObject({
        code: 'ERR_FRAME_MALFORMED',
      })
    }
  })

  test('NET-14 a small frame does not keep the large chunk alive that it came in', async () => {
    const [frame] = await read([await written([new Uint8Array(3)])])
    expect(frame?.buffer.byteLength).toBe(3)
  })
})
