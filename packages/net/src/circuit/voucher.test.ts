import { expect, test } from 'vitest'
import { testIdentity } from '../testing/fixtures.ts'
import { sealVoucher } from './voucher.ts'

/** As the stock relay (@libp2p/circuit-relay-v2 4.2.13) seals it with the same key. */
const STOCK =
  '0a2408011220f5a1e8dd9186d4cdd0e9d42ae96b98f18477e49d2017ea5528d6f090abf82a91120203021a56' +
  '0a26002408011220f5a1e8dd9186d4cdd0e9d42ae96b98f18477e49d2017ea5528d6f090abf82a91' +
  '1226002408011220047b6b39f76fa00d5e82d6a830c39b6e5880f4cd8cb63db4364665c90b851b0c' +
  '1880a4a7da062a403f0734b5e5dd6121fbf1f34a466dfb71659df349fad0b80ee5b7cca577022b7f' +
  '2733069ec11b775499fb5cc852e82ee17fcc1b8037dabec56f443d349afb0801'
const ADA = '002408011220047b6b39f76fa00d5e82d6a830c39b6e5880f4cd8cb63db4364665c90b851b0c'

test('RLY-3 A3 a voucher has the bytes and the signature of the stock relay', async () => {
  const voucher = { peer: new Uint8Array(Buffer.from(ADA, 'hex')), expire: 1_800_000_000 }
  const sealed = await sealVoucher(voucher, testIdentity('relay'))
  expect(Buffer.from(sealed).toString('hex')).toBe(STOCK)
})
