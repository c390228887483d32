/** A frame with one bit of the byte at `at` changed. */
export function bent(frame: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(frame)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
