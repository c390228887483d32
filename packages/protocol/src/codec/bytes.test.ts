import { expect, test } from 'vitest'
import { equalBytes } from './bytes.ts'

/** Bytes at an odd place of a larger array, as a frame is cut from a stream. */
function cutOut(bytes: Uint8Array): Uint8Array {
  const around = new Uint8Array(bytes.length + 5).fill(0xee)
  around.set(bytes, 3)
  return around.subarray(3, 3 + bytes.length)
}

test('arrays are equal wherever they lie, and differ by any one byte and by their length', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => 7 * at)
    const wrong = [cutOut(Uint8Array.of(...bytes, 0))]
    for (const at of bytes.keys())
      wrong.push(cutOut(bytes.map((b, i) => (i === at ? b ^ 0x80 : b))))
    for (const same of [bytes, cutOut(bytes)]) {
      expect(equalBytes(same, cutOut(bytes)), `${length}`).toBe(true)
      expect(
        wrong.findIndex((other) => equalBytes(same, other)),
        `${length}`,
      ).toBe(-1)
    }
  }
})
