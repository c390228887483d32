import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CircuitLimit,
  type HopMessage,
  hopMessageCodec,
  type StopMessage,
  stopMessageCodec,
} from './messages.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const limits: fc.Arbitrary<{ limit?: CircuitLimit }> = fc.constantFrom(
  {},
  { limit: { duration: 120 } },
  { limit: { data: 2 ** 40 } },
  { limit: { duration: 1, data: 1 } },
)
const peers = fc.uint8Array({ minLength: 1, maxLength: 64 })

describe('NET-20 messages of circuit relay v2', () => {
  test('NET-20 a HOP message is read as it was written', () => {
    const messages: fc.Arbitrary<HopMessage> = fc.oneof(
      fc.constant<HopMessage>({ kind: 'reserve' }),
      peers.map((peer): HopMessage => ({ kind: 'connect', peer })),
      fc
        .tuple(fc.nat(500), fc.nat(2 ** 31 - 1), fc.array(peers, { maxLength: 8 }), limits)
        .map(([status, expire, addresses, limit]): HopMessage => {
          return { kind: 'status', status, reservation: { expire, addresses }, ...limit }
        }),
    )
    fc.assert(
      fc.property(messages, (message) => {
        expect(hopMessageCodec.decode(hopMessageCodec.encode(message))).toEqual(message)
      }),
    )
  })

  test('NET-20 a STOP message is read as it was written', () => {
    const messages: fc.Arbitrary<StopMessage> = fc.oneof(
      fc.tuple(peers, limits).map(([peer, limit]): StopMessage => {
        return { kind: 'connect', peer, ...limit }
      }),
      fc.nat(500).map((status): StopMessage => ({ kind: 'status', status })),
    )
    fc.assert(
      fc.property(messages, (message) => {
        expect(stopMessageCodec.decode(stopMessageCodec.encode(message))).toEqual(message)
      }),
    )
  })

  test('NET-20 the bytes are those of the specification', () => {
    expect(hopMessageCodec.encode({ kind: 'reserve' })).toEqual(hex('0800'))
    expect(hopMessageCodec.decode(hex('080112040a020102'))).toEqual({
      kind: 'connect',
      peer: hex('0102'),
    })
  })

  test('NET-20 a limit of nothing is no limit', () => {
    const stop = stopMessageCodec.decode(hex('080012040a0201021a00'))
    expect(stop).toEqual({ kind: 'connect', peer: hex('0102') })
  })

  test('NET-20 C3 whatever else comes is refused and nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const codec of [hopMessageCodec, stopMessageCodec]) {
          try {
            codec.decode(bytes)
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_FRAME_MALFORMED' })
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
