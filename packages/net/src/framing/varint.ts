/**
 * A number as an unsigned varint in its shortest form
 * (https://github.com/multiformats/unsigned-varint), also those of protocol buffers.
 */
export function varint(value: number | bigint): readonly number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}
