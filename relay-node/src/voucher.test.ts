import { describe, expect, test } from 'vitest'
import { generateKeyPem, identityFromPem } from './identity.ts'
import { readFields } from './protobuf.ts'
import { openStockEnvelope } from './testing/stock-envelope.ts'
import { sealVoucher } from './voucher.ts'

describe('RLY-3 the voucher', () => {
  const relay = identityFromPem(generateKeyPem())
  const peer = identityFromPem(generateKeyPem()).multihash
  const voucher = { peer, expiresAt: 1_800_000_000 }

  test('RLY-3 opens as a signed envelope of libp2p, signed by the relay', async () => {
    const sealed = await sealVoucher(voucher, relay)
    const { payload, publicKey } = await openStockEnvelope(sealed, 'libp2p-relay-rsvp')
    expect(publicKey).toEqual(relay.publicKey)
    expect(readFields(payload)).toEqual([
      { number: 1, kind: 'bytes', value: relay.multihash },
      { number: 2, kind: 'bytes', value: peer },
      { number: 3, kind: 'varint', value: 1_800_000_000n },
    ])
  })

  test('RLY-3 A3 is worth nothing as another kind of record', async () => {
    const sealed = await sealVoucher(voucher, relay)
    await expect(openStockEnvelope(sealed, 'libp2p-peer-record')).rejects.toThrow()
  })
})
