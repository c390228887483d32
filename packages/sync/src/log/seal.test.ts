import { describe, expect, test } from 'vitest'
import { ACCOUNT, FIRST_EPOCH, openDevice, writeNotes } from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { accountNumber } from '../testing/ids.ts'
import { flipped, recordsOf } from '../testing/log-records.ts'
import { createEpoch, createEpochRing } from './epochs.ts'
import { type LogRecord, recordCodec } from './record.ts'
import { nobleRecordCrypto } from './record-crypto.ts'
import { createRecordSealer } from './seal.ts'

describe('ALOG-3 what is sealed is bound to its place', () => {
  test('each part of the place decides: moved records are neither authentic nor readable', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a', 'b'])
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    const otherEpoch = await createEpochRing(
      [createEpoch(createSeededRng(9), 2)],
      nobleRecordCrypto,
    )
    const moved: readonly [string, LogRecord][] = [
      ['number', { ...record, seq: 7 }],
      ['lane', { ...record, lane: 'data' }],
      ['device', { ...record, device: (await openDevice(2)).id }],
      ['epoch', { ...record, epoch: otherEpoch.current().id }],
      ['sealed', { ...record, sealed: flipped(record.sealed, 20) }],
      ['nonce', { ...record, sealed: flipped(record.sealed) }],
    ]
    const epochs = await createEpochRing([FIRST_EPOCH, ...otherEpoch.list()], nobleRecordCrypto)
    const sealer = createRecordSealer({ account: ACCOUNT, epochs, crypto: nobleRecordCrypto })
    expect(await sealer.verify(record)).toBe(true)
    expect(await sealer.open(record)).toMatchObject({ kind: 'opened' })
    for (const [, other] of moved) {
      expect(await sealer.verify(other)).toBe(false)
      expect(await sealer.open(other)).toEqual({ kind: 'unreadable' })
    }
    expect(await sealer.verify({ ...record, prev: flipped(record.prev) })).toBe(false)
    const elsewhere = { account: accountNumber(5), epochs, crypto: nobleRecordCrypto }
    expect(await createRecordSealer(elsewhere).verify(record)).toBe(false)
    expect(await createRecordSealer(elsewhere).open(record)).toEqual({ kind: 'unreadable' })
  })

  test('B2 devices restored from any backup never seal twice with one key and nonce', async () => {
    const pairs = new Set<string>()
    let seals = 0
    const crypto = {
      ...nobleRecordCrypto,
      aes256Gcm: {
        ...nobleRecordCrypto.aes256Gcm,
        seal: (input: Parameters<typeof nobleRecordCrypto.aes256Gcm.seal>[0]) => {
          seals += 1
          pairs.add(`${input.key.join()}/${input.nonce.join()}`)
          return nobleRecordCrypto.aes256Gcm.seal(input)
        },
      },
    }
    for (let life = 0; life < 30; life += 1) {
      // Each life begins with the same backup, an empty store, and writes at the same places.
      const rng = createSeededRng(1_000 + life)
      const device = await openDevice(life % 2, { rng, crypto })
      await writeNotes(device, ['a', 'b', 'c', 'd'])
    }
    expect(pairs.size).toBe(seals)
    expect(seals).toBe(120)
  })

  test('a record in bytes is what it was, and refuses another suite and trailing bytes', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    const bytes = recordCodec.encode(record)
    expect(recordCodec.decode(bytes)).toEqual(record)
    expect(() => recordCodec.decode(Uint8Array.of(...bytes, 0))).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
    const suiteTwo = bytes.slice()
    suiteTwo[1] = 2
    expect(() => recordCodec.decode(suiteTwo)).toThrowError(
      expect.objectContaining({ code: 'ERR_SUITE_UNKNOWN' }),
    )
  })

  test('ALOG-1 a record is of one of two lanes, and of a third there is none', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    const [data, messages] = (['data', 'messages'] as const).map((lane) =>
      recordCodec.encode({ ...record, lane }),
    )
    if (data === undefined || messages === undefined) throw new Error('two lanes')
    const at = data.findIndex((byte, index) => byte !== messages[index])
    expect([data[at], messages[at]]).toEqual([0, 1])
    expect(() => recordCodec.decode(data.with(at, 2))).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
  })
})
