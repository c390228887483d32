import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRelayError } from './errors.ts'
import {
  decodeHopRequest,
  decodeStopStatus,
  encodeHopStatus,
  encodeStopConnect,
  STATUS,
} from './hop-message.ts'
import { bytesField, concat, numberField, readFields } from './protobuf.ts'

/** As the stock client (@libp2p/circuit-relay-v2 4.2.13) writes them. */
const STOCK = {
  peer: '00240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46',
  reserve: '0800',
  connect:
    '080112530a2600240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46' +
    '1229a5032600240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46',
  hopStatusOk: '08022864',
  stopConnect:
    '080012280a2600240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46',
  stopStatusOk: '08012064',
  stopStatusDenied: '080120ca01',
}

describe('RLY-2 messages of the stock client', () => {
  test('RLY-2 reads its requests', () => {
    expect(decodeHopRequest(hex(STOCK.reserve))).toEqual({ kind: 'reserve' })
    const connect = decodeHopRequest(hex(STOCK.connect))
    expect(connect).toEqual({ kind: 'connect', target: hex(STOCK.peer) })
    expect(decodeHopRequest(hex(STOCK.hopStatusOk))).toEqual({ kind: 'unexpected' })
  })

  test('RLY-2 reads how it answers a stop', () => {
    expect(decodeStopStatus(hex(STOCK.stopStatusOk))).toBe(STATUS.OK)
    expect(decodeStopStatus(hex(STOCK.stopStatusDenied))).toBe(STATUS.PERMISSION_DENIED)
  })

  test('RLY-2 writes the bytes it would write', () => {
    expect(encodeHopStatus(STATUS.OK)).toEqual(hex(STOCK.hopStatusOk))
    expect(encodeStopConnect(hex(STOCK.peer))).toEqual(hex(STOCK.stopConnect))
  })

  test('RLY-5 a granted reservation names no limit', () => {
    const grant = { expiresAt: 1_800_000_000, addresses: [], voucher: Uint8Array.of(1) }
    const numbers = readFields(encodeHopStatus(STATUS.OK, grant)).map(({ number }) => number)
    expect(numbers).toEqual([1, 3, 5])
  })
})

describe('RLY-2 C1 C3 what is not a whole message is refused', () => {
  const peer = hex(STOCK.peer)
  test.each([
    ['nothing', new Uint8Array(0)],
    ['no type', bytesField(2, bytesField(1, peer))],
    ['an unknown type', numberField(1, 9)],
    ['a connect without a peer', numberField(1, 1)],
    [
      'a connect to no peer id',
      concat([numberField(1, 1), bytesField(2, bytesField(1, hex('0001')))]),
    ],
    ['a type that is bytes', bytesField(1, Uint8Array.of(0))],
    ['a peer that is a number', concat([numberField(1, 1), numberField(2, 7)])],
    ['two types', concat([numberField(1, 0), numberField(1, 1)])],
    [
      'two peers',
      concat([numberField(1, 1), bytesField(2, bytesField(1, peer)), bytesField(2, peer)]),
    ],
    ['a field cut short', hex('080112ff01')],
    ['a length of 2^63', hex('0801128080808080808080801f')],
    ['a number of 11 bytes', hex('08ffffffffffffffffffff01')],
    ['a number above 64 bits', hex('08ffffffffffffffffff7f')],
    ['a group', hex('0b')],
    ['field 0', hex('0000')],
  ])('RLY-2 %s', (_name, bytes) => {
    expect(() => decodeHopRequest(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })

  test('RLY-2 fields it does not know are skipped, as the format asks', () => {
    const unknown = concat([
      numberField(9, 5),
      bytesField(10, Uint8Array.of(1, 2)),
      hex('5d01020304'),
    ])
    expect(decodeHopRequest(concat([hex(STOCK.reserve), unknown]))).toEqual({ kind: 'reserve' })
  })

  test('RLY-2 no bytes do more than be refused', () => {
    const decoders = [decodeHopRequest, decodeStopStatus]
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 128 }),
        fc.constantFrom(...decoders),
        (bytes, decode) => {
          try {
            decode(bytes)
          } catch (error) {
            expect(isRelayError(error, 'ERR_MALFORMED')).toBe(true)
          }
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test('RLY-2 numbers come back as they went', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 20 }),
        fc.bigInt(0n, 2n ** 64n - 1n),
        (number, value) => {
          expect(readFields(numberField(number, value))).toEqual([
            { number, kind: 'varint', value },
          ])
        },
      ),
    )
  })
})

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}
