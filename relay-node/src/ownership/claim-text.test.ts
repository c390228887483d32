import { stripVTControlCharacters } from 'node:util'
import { createRelayCode, deviceIdFromPublicKey, parseRelayCode } from '@kithmesh/protocol'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { qrLines } from '../commands/qr-lines.ts'

const HASH = 'uEiDQ1vOtN8MOTROmkiwdTz_Ynd8ZEQbfMJrPIksiqvvb-g'
const ADDRESSES = [
  '/ip4/203.0.113.207/tcp/45001',
  `/ip4/203.0.113.207/udp/45001/webrtc-direct/certhash/${HASH}`,
].map((text) => multiaddr(text).bytes)

const CODE = createRelayCode({
  relay: deviceIdFromPublicKey(new Uint8Array(32).fill(7)),
  secret: new Uint8Array(16).fill(9),
  addresses: ADDRESSES,
})

test('RLY-71 as a QR code it fits a terminal of 80 × 24, with both kinds of address in it', () => {
  const lines = qrLines(CODE, 80)
  const widths = lines.map((line) => stripVTControlCharacters(line).length)
  expect(lines.length).toBeLessThanOrEqual(23)
  expect(Math.max(...widths)).toBeLessThanOrEqual(80)
  expect(parseRelayCode(CODE).addresses).toEqual(ADDRESSES)
})

test('RLY-71 where it does not fit, there is none', () => {
  expect(qrLines(CODE, 40)).toEqual([])
})
