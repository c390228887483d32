import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SpliceMessage, spliceMessageCodec } from './messages.ts'
import { PREFACE_BYTES, prefaceOf, SPLICE_FIRST_BYTE, TICKET_BYTES, ticketOf } from './preface.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

/** Written by hand from the definition of the messages: a second implementation can be held against them. */
const PEER = '00240801122017f65eab6fabdd7c02009820dba59ed5bf1067ef580f54ee0801ac263ad80c46'
const TICKET = '42'.repeat(32)
const ADDRESS = '04c0000201060fa1'
const VECTORS: readonly (readonly [string, SpliceMessage])[] = [
  [`08001226${PEER}`, { kind: 'connect', peer: hex(PEER) }],
  [
    `08011226${PEER}1a20${TICKET}2208${ADDRESS}`,
    { kind: 'invite', peer: hex(PEER), ticket: hex(TICKET), addresses: [hex(ADDRESS)] },
  ],
  [
    `08021a20${TICKET}2208${ADDRESS}2864`,
    {
      kind: 'status',
      status: 100,
      granted: { ticket: hex(TICKET), addresses: [hex(ADDRESS)] },
    },
  ],
  ['080228cc01', { kind: 'status', status: 204 }],
]

describe('RLY-50 messages of splices', () => {
  test.each(VECTORS)('RLY-50 %s', (bytes, message) => {
    expect(Buffer.from(spliceMessageCodec.encode(message)).toString('hex')).toBe(bytes)
    expect(spliceMessageCodec.decode(hex(bytes))).toEqual(message)
  })

  test.each([
    ['no type', `1226${PEER}`],
    ['an unknown type', '0803'],
    ['a connect without a peer', '0800'],
    ['a peer that is none', '080012020102'],
    ['an invitation without a ticket', `08011226${PEER}`],
    ['a ticket of 31 bytes', `08011226${PEER}1a1f${'42'.repeat(31)}`],
    ['a status without a status', '0802'],
    ['two tickets', `08021a20${TICKET}1a20${TICKET}2864`],
    ['bytes cut short', `08021a20${TICKET.slice(2)}`],
  ])('RLY-50 C1 C3 %s is malformed', (_name, bytes) => {
    expect(() => spliceMessageCodec.decode(hex(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_FRAME_MALFORMED' }),
    )
  })

  test('RLY-50 C1 of any bytes a message is read, or they are malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(['connect', 'invite', 'status']).toContain(spliceMessageCodec.decode(bytes).kind)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_FRAME_MALFORMED' })
        }
      }),
    )
  })
})

describe('RLY-51 the preface of a socket', () => {
  test('RLY-51 cannot be taken for libp2p, and gives its ticket back', () => {
    const preface = prefaceOf(hex(TICKET))
    expect(Buffer.from(preface).toString('latin1')).toBe(`KITH-SPLICE/1\n${'B'.repeat(32)}`)
    expect([preface.byteLength, preface[0]]).toEqual([PREFACE_BYTES, SPLICE_FIRST_BYTE])
    expect(preface[0], 'libp2p begins with the length of its first line').not.toBe(0x13)
    expect(ticketOf(preface)).toEqual(hex(TICKET))
  })

  test('RLY-51 C1 any other byte in it makes it none', () => {
    const magicBytes = PREFACE_BYTES - TICKET_BYTES
    for (let at = 0; at < magicBytes; at += 1) {
      const broken = prefaceOf(hex(TICKET))
      broken[at] = (broken[at] ?? 0) ^ 1
      expect(ticketOf(broken)).toBeUndefined()
    }
    expect(ticketOf(prefaceOf(hex(TICKET)).subarray(1))).toBeUndefined()
  })
})
