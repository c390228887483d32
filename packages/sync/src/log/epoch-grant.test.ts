import {
  createDeviceCard,
  createKeyPair,
  deviceIdFromPublicKey,
  type EntryId,
  entryIdFromBytes,
  noblePrimitives,
  signerFromSeed,
} from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { ACCOUNT, seedNumber } from '../testing/devices.ts'
import { createManualTime, createSeededRng } from '../testing/environment.ts'
import { accountNumber, deviceNumber } from '../testing/ids.ts'
import { epochGrantCodec, MAX_EPOCH_GRANT_BYTES, openEpoch, sealEpoch } from './epoch-grant.ts'
import { createEpoch, createEpochRing, type Epoch, MAX_AFTER, MAX_REMOVALS } from './epochs.ts'
import { nobleRecordCrypto } from './record-crypto.ts'

const rng = createSeededRng(21)
const time = createManualTime()
const giver = deviceNumber(1)

describe('ALOG-17 an epoch is handed over', () => {
  test('ALOG-17: the device it is for gets all of it, in bytes that fit', async () => {
    const { recipient, card, secrets } = await recipientNumber(2)
    const epoch = await largestEpoch()
    const to = { account: ACCOUNT, giver, recipient, card, now: time.now() }
    const bytes = epochGrantCodec.encode(sealEpoch(epoch, to, rng))
    expect(bytes.length).toBeLessThanOrEqual(MAX_EPOCH_GRANT_BYTES)
    const by = { account: ACCOUNT, giver, recipient, prekeys: [secrets] }
    const opened = await openEpoch(epochGrantCodec.decode(bytes), by, nobleRecordCrypto)
    const { id, ...key } = epoch
    expect(opened).toEqual(key)
    expect(id).toBe(epochGrantCodec.decode(bytes).epoch)
  })

  test('ALOG-17: sealed to an older card, it opens while that card’s secrets are kept', async () => {
    const { recipient, card, secrets } = await recipientNumber(2)
    const newer = (await recipientNumber(2, 2)).secrets
    const epoch = await largestEpoch()
    const grant = sealEpoch(
      epoch,
      { account: ACCOUNT, giver, recipient, card, now: time.now() },
      rng,
    )
    const by = { account: ACCOUNT, giver, recipient }
    const kept = await openEpoch(grant, { ...by, prekeys: [newer, secrets] }, nobleRecordCrypto)
    expect(kept?.number).toBe(epoch.number)
    expect(await openEpoch(grant, { ...by, prekeys: [newer] }, nobleRecordCrypto)).toBeUndefined()
  })

  test('ALOG-17: nobody else opens it, from nobody else, in no other account, and as no other epoch', async () => {
    const { recipient, card, secrets } = await recipientNumber(2)
    const other = await recipientNumber(3)
    const epoch = await largestEpoch()
    const grant = sealEpoch(
      epoch,
      { account: ACCOUNT, giver, recipient, card, now: time.now() },
      rng,
    )
    const by = { account: ACCOUNT, giver, recipient, prekeys: [secrets] }
    const tries = [
      openEpoch(grant, { ...by, prekeys: [other.secrets] }, nobleRecordCrypto),
      openEpoch(grant, { ...by, recipient: other.recipient }, nobleRecordCrypto),
      openEpoch(grant, { ...by, giver: recipient }, nobleRecordCrypto),
      openEpoch(grant, { ...by, account: accountNumber(9) }, nobleRecordCrypto),
      openEpoch({ ...grant, epoch: (await largestEpoch()).id }, by, nobleRecordCrypto),
      openEpoch({ ...grant, lockbox: grant.lockbox.slice(1) }, by, nobleRecordCrypto),
    ]
    expect(await Promise.all(tries)).toEqual(Array(6).fill(undefined))
  })

  test('ALOG-17: a giver cannot pass off one epoch for another', async () => {
    const { recipient, card, secrets } = await recipientNumber(2)
    const [epoch, named] = [await largestEpoch(), await largestEpoch()]
    const lie = { ...epoch, id: named.id }
    const grant = sealEpoch(lie, { account: ACCOUNT, giver, recipient, card, now: time.now() }, rng)
    const by = { account: ACCOUNT, giver, recipient, prekeys: [secrets] }
    expect(await openEpoch(grant, by, nobleRecordCrypto)).toBeUndefined()
  })

  test('ALOG-17: nothing is sealed to a card of another device or one that is over', async () => {
    const { recipient, card } = await recipientNumber(2)
    const other = await recipientNumber(3)
    const epoch = await largestEpoch()
    const to = { account: ACCOUNT, giver, recipient, card, now: time.now() }
    expect(() => sealEpoch(epoch, { ...to, card: other.card }, rng)).toThrow(
      expect.objectContaining({ code: 'ERR_CARD_SIGNATURE' }),
    )
    expect(() => sealEpoch(epoch, { ...to, now: card.expiresAt }, rng)).toThrow(
      expect.objectContaining({ code: 'ERR_CARD_EXPIRED' }),
    )
  })
})

async function recipientNumber(number: number, cardNumber = 1) {
  const signer = signerFromSeed(seedNumber(number))
  const environment = { rng, clock: time, primitives: noblePrimitives }
  const identityKey = await createKeyPair(environment)
  const made = await createDeviceCard({ signer, identityKey, number: cardNumber }, environment)
  return { recipient: deviceIdFromPublicKey(signer.publicKey), ...made }
}

/** As many removals and predecessors as an epoch may name. */
async function largestEpoch(): Promise<Epoch> {
  const removals = Array.from(
    { length: MAX_REMOVALS },
    (): EntryId => entryIdFromBytes(rng.bytes(32)),
  )
  const rings = await Promise.all(
    Array.from({ length: MAX_AFTER }, () =>
      createEpochRing([createEpoch(rng, 2 ** 31)], nobleRecordCrypto),
    ),
  )
  const after = rings.map((ring) => ring.current().id)
  const made = createEpoch(rng, 2 ** 31 + 1, { at: 2 ** 45, removals, after })
  return (await createEpochRing([made], nobleRecordCrypto)).current()
}
