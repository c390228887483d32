import { expect, test } from 'vitest'
import { sealVoucher } from '../circuit/voucher.ts'
import { peerOfPublicKey } from '../identity.ts'
import { testIdentity } from '../testing/fixtures.ts'
import { openUsage, sealUsage } from './usage.ts'

const relay = testIdentity('relay')
const record = { account: 'account-of-ada', day: '2026-11-22', bytes: 2 ** 40, circuits: 7 }

test('RLY-45 A3 a record tells what was forwarded, and which relay said so', async () => {
  expect(await openUsage(await sealUsage(record, relay))).toEqual({
    relay: peerOfPublicKey(relay.publicKey),
    record,
  })
})

test('RLY-45 A3 a record of which any byte was changed is none, or says the same', async () => {
  const sealed = await sealUsage(record, relay)
  const same = await openUsage(sealed)
  let refused = 0
  for (let at = 0; at < sealed.byteLength; at += 1) {
    const changed = Uint8Array.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    const opened = await openUsage(changed).catch(() => undefined)
    if (opened === undefined) refused += 1
    else expect(opened, `byte ${at}`).toEqual(same)
  }
  // the key's encoding has a byte or two that say nothing
  expect(refused).toBeGreaterThan(sealed.byteLength - 4)
})

test('RLY-45 A3 a voucher of the same relay is no record', async () => {
  const peer = Uint8Array.from([0, 36, 8, 1, 18, 32, ...relay.publicKey])
  const voucher = await sealVoucher({ peer, expire: 1_800_000_000 }, relay)
  await expect(openUsage(voucher)).rejects.toMatchObject({ code: 'ERR_FRAME_MALFORMED' })
})
