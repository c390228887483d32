import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CIRCUIT_STATUS,
  type CircuitLimit,
  type HopMessage,
  hopMessageCodec,
  type StopMessage,
  stopMessageCodec,
} from './messages.ts'
import { decodeFields, encodeFields, type WireField } from './protobuf.ts'

/** As the stock client and relay (@libp2p/circuit-relay-v2 4.2.13) write them. */
const STOCK = {
  peer: '00240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46',
  reserve: '0800',
  connect:
    '080112530a2600240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46' +
    '1229a5032600240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46',
  hopStatusOk: '08022864',
  address: '04c0000201060fa1',
  /** With the voucher that is sealed in voucher.test.ts. */
  granted:
    '08021ad7010880a4a7da06120804c0000201060fa11ac401' +
    '0a2408011220f5a1e8dd9186d4cdd0e9d42ae96b98f18477e49d2017ea5528d6f090abf82a91120203021a56' +
    '0a26002408011220f5a1e8dd9186d4cdd0e9d42ae96b98f18477e49d2017ea5528d6f090abf82a91' +
    '1226002408011220047b6b39f76fa00d5e82d6a830c39b6e5880f4cd8cb63db4364665c90b851b0c' +
    '1880a4a7da062a403f0734b5e5dd6121fbf1f34a466dfb71659df349fad0b80ee5b7cca577022b7f' +
    '2733069ec11b775499fb5cc852e82ee17fcc1b8037dabec56f443d349afb0801',
  /** Behind `granted`: 120 s, 128 KiB. */
  limit: '2206087810808008',
  status: '2864',
  stopConnect:
    '080012280a2600240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46',
  stopConnectLimit: '1a06087810808008',
  stopStatusOk: '08012064',
  stopStatusDenied: '080120ca01',
}
const peer = hex(STOCK.peer)
const limit = { duration: 120, data: 131_072 }

describe('RLY-2 NET-20 messages as the stock client and relay write them', () => {
  test('RLY-2 requests', () => {
    isOneWith(hopMessageCodec, STOCK.reserve, { kind: 'reserve' })
    expect(hopMessageCodec.decode(hex(STOCK.connect))).toEqual({ kind: 'connect', peer })
  })

  test('RLY-2 answers', () => {
    const status = CIRCUIT_STATUS.ok
    isOneWith(hopMessageCodec, STOCK.hopStatusOk, { kind: 'status', status })
    isOneWith(stopMessageCodec, STOCK.stopConnect, { kind: 'connect', peer })
    isOneWith(stopMessageCodec, STOCK.stopStatusOk, { kind: 'status', status })
    isOneWith(stopMessageCodec, STOCK.stopStatusDenied, {
      kind: 'status',
      status: CIRCUIT_STATUS.permissionDenied,
    })
  })

  test('RLY-3 a reservation with its voucher', () => {
    const voucher = hex(STOCK.granted).subarray(24)
    const reservation = { expire: 1_800_000_000, addresses: [hex(STOCK.address)], voucher }
    const message = { kind: 'status', status: CIRCUIT_STATUS.ok, reservation } as const
    isOneWith(hopMessageCodec, STOCK.granted + STOCK.status, message)
    isOneWith(hopMessageCodec, STOCK.granted + STOCK.limit + STOCK.status, { ...message, limit })
  })

  test('NET-20 a limit, and a limit of nothing, which is none', () => {
    const connect = { kind: 'connect', peer } as const
    const limited = STOCK.stopConnect + STOCK.stopConnectLimit
    isOneWith(stopMessageCodec, limited, { ...connect, limit })
    expect(stopMessageCodec.decode(hex(`${STOCK.stopConnect}1a00`))).toEqual(connect)
    expect(stopMessageCodec.decode(hex(`${STOCK.stopConnect}1a0408001000`))).toEqual(connect)
  })

  test('RLY-5 a granted reservation names no limit unless there is one', () => {
    const reservation = { expire: 1_800_000_000, addresses: [], voucher: Uint8Array.of(1) }
    const bytes = hopMessageCodec.encode({ kind: 'status', status: 100, reservation })
    expect(decodeFields(bytes).map(({ field }) => field)).toEqual([1, 3, 5])
  })
})

describe('NET-20 what was written is read', () => {
  const limits: fc.Arbitrary<{ limit?: CircuitLimit }> = fc.constantFrom(
    {},
    { limit: { duration: 120 } },
    { limit: { data: 2 ** 40 } },
    { limit: { duration: 1, data: 1 } },
  )
  const peers = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(sha256Multihash)
  const statuses = fc.nat(500)

  test('NET-20 on the HOP protocol', () => {
    const vouchers = fc.constantFrom({}, { voucher: Uint8Array.of(1, 2) })
    const addresses = fc.array(fc.uint8Array({ maxLength: 160 }), { maxLength: 8 })
    const messages: fc.Arbitrary<HopMessage> = fc.oneof(
      fc.constant<HopMessage>({ kind: 'reserve' }),
      peers.map((one): HopMessage => ({ kind: 'connect', peer: one })),
      fc
        .tuple(statuses, fc.nat(2 ** 31 - 1), addresses, vouchers, limits)
        .map(([status, expire, some, voucher, limited]): HopMessage => {
          const reservation = { expire, addresses: some, ...voucher }
          return { kind: 'status', status, reservation, ...limited }
        }),
    )
    fc.assert(fc.property(messages, (message) => comesBack(hopMessageCodec, message)))
  })

  test('NET-20 on the STOP protocol', () => {
    const messages: fc.Arbitrary<StopMessage> = fc.oneof(
      fc.tuple(peers, limits).map(([one, limited]): StopMessage => {
        return { kind: 'connect', peer: one, ...limited }
      }),
      statuses.map((status): StopMessage => ({ kind: 'status', status })),
    )
    fc.assert(fc.property(messages, (message) => comesBack(stopMessageCodec, message)))
  })

  test('RLY-2 numbers of 64 bits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 20 }),
        fc.bigInt(0n, 2n ** 64n - 1n),
        (field, value) => {
          expect(decodeFields(encodeFields([{ field, value }]))).toEqual([{ field, value }])
        },
      ),
    )
  })
})

describe('RLY-2 C1 C3 what is not a whole message is refused', () => {
  const peerField = message(1, peer)
  test.each([
    ['nothing', new Uint8Array(0)],
    ['no type', message(2, peerField)],
    ['an unknown type', message(1, 9n)],
    ['a connect without a peer', message(1, 1n)],
    ['a connect to no peer id', message(1, 1n, 2, message(1, hex('0001')))],
    ['a connect to an empty peer id', message(1, 1n, 2, message(1, hex('0000')))],
    ['a status without one', message(1, 2n)],
    ['a type that is bytes', message(1, Uint8Array.of(0))],
    ['a peer that is a number', message(1, 1n, 2, 7n)],
    ['two types', message(1, 0n, 1, 1n)],
    ['two peers', message(1, 1n, 2, peerField, 2, peerField)],
    ['two ids of a peer', message(1, 1n, 2, message(1, peer, 1, peer))],
    ['two statuses', message(1, 2n, 5, 100n, 5, 200n)],
    ['two vouchers', message(1, 2n, 5, 100n, 3, message(3, peer, 3, peer))],
    ['an address that is a number', message(1, 2n, 5, 100n, 3, message(2, 1n))],
    ['a field cut short', hex('080112ff01')],
    ['a length of 2^63', hex('0801128080808080808080801f')],
    ['a number of 11 bytes', hex('08ffffffffffffffffffff01')],
    ['a number above 64 bits', hex('08ffffffffffffffffff7f')],
    ['a group', hex('0b')],
    ['field 0', hex('0000')],
  ])('RLY-2 %s', (_name, bytes) => {
    expect(() => hopMessageCodec.decode(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_FRAME_MALFORMED' }),
    )
  })

  test('RLY-2 fields that are not known are skipped, as the format asks', () => {
    const unknown = message(9, 5n, 10, Uint8Array.of(1, 2))
    const fixed = hex('5d01020304' + '610102030405060708')
    const bytes = Uint8Array.of(...hex(STOCK.reserve), ...unknown, ...fixed)
    expect(hopMessageCodec.decode(bytes)).toEqual({ kind: 'reserve' })
    expect(() => hopMessageCodec.decode(bytes.subarray(0, -1))).toThrow('longer than its message')
  })

  test('RLY-2 a relay that names more addresses than a device has use for', () => {
    const addresses = Array.from({ length: 100 }, () => hex(STOCK.address))
    const reservation = { expire: 1, addresses }
    const bytes = hopMessageCodec.encode({ kind: 'status', status: 100, reservation })
    expect(hopMessageCodec.decode(bytes)).toMatchObject({
      reservation: { addresses: addresses.slice(0, 32) },
    })
  })

  test('RLY-2 NET-20 no bytes do more than be refused', () => {
    const codecs = fc.constantFrom(hopMessageCodec, stopMessageCodec)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), codecs, (bytes, codec) => {
        try {
          codec.decode(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_FRAME_MALFORMED' })
        }
      }),
      { numRuns: 5_000 },
    )
  })
})

interface Both<T> {
  encode(message: T): Uint8Array
  decode(bytes: Uint8Array): T
}

function isOneWith<T>(codec: Both<T>, stock: string, ours: T): void {
  expect(codec.decode(hex(stock))).toEqual(ours)
  expect(codec.encode(ours)).toEqual(hex(stock))
}

function comesBack<T>(codec: Both<T>, ours: T): void {
  expect(codec.decode(codec.encode(ours))).toEqual(ours)
}

/** Fields as number and value in turn. */
function message(...parts: readonly (number | WireField['value'])[]): Uint8Array {
  const fields = parts.flatMap((value, at) => {
    const field = parts[at - 1]
    return typeof value === 'number' || typeof field !== 'number' ? [] : [{ field, value }]
  })
  return encodeFields(fields)
}

function sha256Multihash(digest: Uint8Array): Uint8Array {
  return Uint8Array.of(0x12, 32, ...digest)
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}
