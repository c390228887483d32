import { expect, test } from 'vitest'
import { codec } from './codec.ts'
import { decoded } from './decoded.ts'
import { text } from './shape.ts'

const noteCodec = codec(text({ max: 80 }), { maxBytes: 128 })

test('ID-4 bytes that are not of the codec are nothing; the rest is what they say', () => {
  expect(decoded(noteCodec, noteCodec.encode('hello'))).toBe('hello')
  expect(decoded(noteCodec, Uint8Array.of(0xff))).toBeUndefined()
})

test('ID-4 a fault of our own is no answer about the bytes', () => {
  const broken = {
    ...noteCodec,
    decode: () => {
      throw new TypeError('ours')
    },
  }
  expect(() => decoded(broken, new Uint8Array(0))).toThrow(TypeError)
})
