import { describe, expect, test } from 'vitest'
import { FIRST_EPOCH, notesOf, openDevice, writeNotes } from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { flipped, recordsOf } from '../testing/log-records.ts'
import { createEpoch, createEpochRing, epochKeysCodec } from './epochs.ts'
import { nobleRecordCrypto } from './record-crypto.ts'

describe('ALOG-5 epochs', () => {
  test('the current one is the highest by number, then by id, whatever the order of adding', async () => {
    const keys = [3, 1, 3, 2].map((number, at) => createEpoch(createSeededRng(at), number))
    const rings = await Promise.all(
      [keys, keys.toReversed()].map((list) => createEpochRing(list, nobleRecordCrypto)),
    )
    const [one, other] = rings.map((ring) => ring.current())
    expect(one?.number).toBe(3)
    expect(one).toEqual(other)
    const highest = rings[0]
      ?.list()
      .filter(({ number }) => number === 3)
      .map(({ id }) => id)
    expect(one?.id).toBe(highest?.sort().at(-1))
  })

  test('an id tells nothing of its key and is bound to it', async () => {
    const ring = await createEpochRing([FIRST_EPOCH], nobleRecordCrypto)
    const other = await ring.add({ ...FIRST_EPOCH, key: flipped(FIRST_EPOCH.key) })
    expect(ring.list().length).toBe(2)
    const first = await ring.add(FIRST_EPOCH)
    expect(other.id).not.toBe(first.id)
    expect(ring.get(first.id)).toEqual(first)
    expect(ring.list().length).toBe(2)
  })

  test('keys pass to a new device in bytes; malformed ones and an empty ring are refused', async () => {
    const keys = [FIRST_EPOCH, createEpoch(createSeededRng(3), 2)]
    expect(epochKeysCodec.decode(epochKeysCodec.encode(keys))).toEqual(keys)
    expect(() => epochKeysCodec.decode(Uint8Array.of(0x81, 0x00))).toThrowError(
      expect.objectContaining({ code: 'ERR_MALFORMED' }),
    )
    await expect(createEpochRing([], nobleRecordCrypto)).rejects.toMatchObject({
      code: 'ERR_MALFORMED',
    })
  })

  test('records under several epochs are read side by side', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['one'])
    await ada.log.epochs.add(createEpoch(createSeededRng(4), 2))
    await writeNotes(ada, ['two'])
    const records = await recordsOf(ada)
    expect(new Set(records.map(({ epoch }) => epoch)).size).toBe(2)
    expect(await notesOf(ada)).toEqual(['one', 'two'])
  })
})
