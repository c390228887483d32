import { describe, expect, test } from 'vitest'
import { FloodError } from './flood-error.ts'
import { createNegotiationWatch } from './negotiation-watch.ts'

/** One message of multistream-select: its length, its text, a line feed. */
function message(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\n`)
  const length =
    bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]
  return Uint8Array.from([...length, ...bytes])
}

const HEAD = message('/multistream/1.0.0')
const PING = message('/ipfs/ping/1.0.0')
const served = (name: string): boolean => name === '/ipfs/ping/1.0.0'
const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

describe('NET-81 a negotiation', () => {
  test('ends with a protocol that is served, whatever comes behind it', () => {
    const watch = createNegotiationWatch(served)
    const bytes = joined(HEAD, message('/nothing/1'), PING, new Uint8Array(300).fill(0xff))
    expect(watch.came(bytes)).toBe(false)
  })

  test('may come in pieces of any size', () => {
    const watch = createNegotiationWatch(served)
    const bytes = joined(HEAD, message(`/${'x'.repeat(300)}`), PING)
    const last = bytes.length - 1
    for (const [at, byte] of bytes.entries()) {
      expect(watch.came(Uint8Array.of(byte))).toBe(at < last)
    }
  })

  test('proposes at most 32 names', () => {
    const watch = createNegotiationWatch(served)
    for (let n = 0; n < 32; n += 1) expect(watch.came(message('ls'))).toBe(true)
    expect(() => watch.came(message('ls'))).toThrow(FloodError)
  })

  test.each([
    ['that does not end', [0xff, 0xff]],
    ['of 2^63 bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['beyond any name', [0x81, 0x08]],
  ])('D3 a length %s is refused at once', (_, length) => {
    expect(() => createNegotiationWatch(served).came(Uint8Array.from(length))).toThrow(FloodError)
    const later = createNegotiationWatch(served)
    expect(() => later.came(joined(HEAD, Uint8Array.from(length)))).toThrow(FloodError)
  })

  test('a name of 1,024 bytes is the longest', () => {
    const watch = createNegotiationWatch(served)
    expect(watch.came(message(`/${'x'.repeat(1_022)}`))).toBe(true)
  })
})
