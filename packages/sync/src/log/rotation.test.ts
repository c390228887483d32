import { type EntryId, entryIdFromBytes } from '@kithmesh/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openDevice, writeNotes } from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import {
  createEpoch,
  createEpochRing,
  type EpochKey,
  type EpochRing,
  epochKeysCodec,
  MAX_EPOCHS,
  MAX_REMOVALS,
} from './epochs.ts'
import { nobleRecordCrypto } from './record-crypto.ts'
import { dropUnusedEpochs, EPOCH_LIFE_MS, epochDue, nextEpoch } from './rotation.ts'

const rng = createSeededRng(11)
const NOW = 1_000 * EPOCH_LIFE_MS

describe('ALOG-16 when a new epoch is due', () => {
  test('ALOG-16: after a week, by the clock of who asks; a clock that is ahead puts it off', async () => {
    const ring = await ringOf([createEpoch(rng, 1, { at: NOW })])
    expect(epochDue(ring, { out: [], now: NOW + EPOCH_LIFE_MS - 1 })).toBeUndefined()
    expect(epochDue(ring, { out: [], now: NOW + EPOCH_LIFE_MS })).toBe('week')
    expect(epochDue(ring, { out: [], now: NOW - 10 * EPOCH_LIFE_MS })).toBeUndefined()
    const ahead = nextEpoch(ring, { out: [], at: NOW + 50 * EPOCH_LIFE_MS }, rng)
    await ring.add(ahead)
    expect(epochDue(ring, { out: [], now: NOW + 49 * EPOCH_LIFE_MS })).toBeUndefined()
    expect(epochDue(ring, { out: [entry(1)], now: NOW })).toBe('removal')
  })

  test('ALOG-16: at once after a removal, and once for it', async () => {
    const ring = await ringOf([createEpoch(rng, 1, { at: NOW })])
    expect(epochDue(ring, { out: [entry(1)], now: NOW })).toBe('removal')
    const made = nextEpoch(ring, { out: [entry(1)], at: NOW }, rng)
    expect([made.number, made.removals, made.after]).toEqual([2, [entry(1)], [ring.current().id]])
    await ring.add(made)
    expect(ring.current().number).toBe(2)
    expect(epochDue(ring, { out: [entry(1)], now: NOW })).toBeUndefined()
    // The next week stands on it and need not name it again.
    const week = nextEpoch(ring, { out: [entry(1)], at: NOW + EPOCH_LIFE_MS }, rng)
    expect([week.number, week.removals]).toEqual([3, []])
    await ring.add(week)
    expect(epochDue(ring, { out: [entry(1)], now: NOW + EPOCH_LIFE_MS })).toBeUndefined()
    expect(epochDue(ring, { out: [entry(1), entry(2)], now: NOW })).toBe('removal')
  })

  test('ALOG-16: of two made at once each may be known to whom the other puts out: a third is due', async () => {
    const first = createEpoch(rng, 1, { at: NOW })
    const [here, there] = [await ringOf([first]), await ringOf([first])]
    await here.add(nextEpoch(here, { out: [entry(1)], at: NOW }, rng))
    await there.add(nextEpoch(there, { out: [entry(2)], at: NOW }, rng))
    for (const epoch of there.list()) await here.add(epoch)
    const out = [entry(1), entry(2)]
    expect(epochDue(here, { out, now: NOW })).toBe('removal')
    const third = nextEpoch(here, { out, at: NOW }, rng)
    expect([third.number, third.removals, third.after.length]).toEqual([3, [], 2])
    await here.add(third)
    expect(epochDue(here, { out, now: NOW })).toBeUndefined()
  })

  test('ALOG-16: devices that merge in any order end with an epoch that knows every removal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.boolean()), { minLength: 1, maxLength: 12 }),
        async (steps) => {
          const first = createEpoch(rng, 1, { at: NOW })
          const devices = await Promise.all(
            [0, 1, 2].map(async () => ({ ring: await ringOf([first]), out: new Set<EntryId>() })),
          )
          const settle = async (at: number): Promise<void> => {
            const { ring, out } = devices[at] ?? raise()
            while (epochDue(ring, { out: [...out], now: NOW }) !== undefined) {
              await ring.add(nextEpoch(ring, { out: [...out], at: NOW }, rng))
            }
          }
          const meet = async (one: number, other: number): Promise<void> => {
            for (const [giver, taker] of [
              [devices[one], devices[other]],
              [devices[other], devices[one]],
            ]) {
              for (const removal of giver?.out ?? []) taker?.out.add(removal)
              for (const epoch of giver?.ring.list() ?? []) await taker?.ring.add(epoch)
            }
          }
          let count = 0
          for (const [one, other, isRemoval] of steps) {
            if (isRemoval) {
              count += 1
              devices[one]?.out.add(entry(count))
            } else await meet(one, other)
            await settle(one)
            await settle(other)
          }
          for (let round = 0; round < 2; round += 1) {
            for (const [one, other] of [
              [0, 1],
              [1, 2],
              [0, 2],
            ] as const) {
              await meet(one, other)
              await settle(one)
              await settle(other)
            }
          }
          await meet(0, 1)
          await meet(1, 2)
          await meet(0, 2)
          const currents = devices.map(({ ring }) => ring.current().id)
          expect(new Set(currents).size).toBe(1)
          for (const { ring, out } of devices) {
            expect(out.size).toBe(count)
            expect(epochDue(ring, { out: [...out], now: NOW })).toBeUndefined()
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  test('ALOG-16: more removals than one epoch names are named by several', async () => {
    const ring = await ringOf([createEpoch(rng, 1, { at: NOW })])
    const out = Array.from({ length: MAX_REMOVALS + 6 }, (_, at) => entry(at + 1))
    await ring.add(nextEpoch(ring, { out, at: NOW }, rng))
    expect(epochDue(ring, { out, now: NOW })).toBe('removal')
    await ring.add(nextEpoch(ring, { out, at: NOW }, rng))
    expect(epochDue(ring, { out, now: NOW })).toBeUndefined()
    expect(ring.list().map(({ removals }) => removals.length)).toEqual([0, MAX_REMOVALS, 6])
  })
})

describe('ALOG-16 what an epoch is bound to', () => {
  test('ALOG-16: its id is another for another number, key, time, removal or predecessor', async () => {
    const made = createEpoch(rng, 2, { at: NOW, removals: [entry(1)] })
    const changed: readonly EpochKey[] = [
      { ...made, number: 3 },
      { ...made, key: rng.bytes(32) },
      { ...made, at: NOW + 1 },
      { ...made, removals: [] },
      { ...made, removals: [entry(2)] },
      { ...made, after: [(await ringOf([made])).current().id] },
    ]
    const ids = await Promise.all(
      [made, ...changed].map(async (key) => (await ringOf([key])).current().id),
    )
    expect(new Set(ids).size).toBe(7)
  })

  test('ALOG-16 C3: removals out of order or repeated are no encoding', () => {
    const [one, two] = [entry(1), entry(2)].toSorted()
    if (one === undefined || two === undefined) throw new Error('two entries')
    const made = createEpoch(rng, 2, { removals: [one] })
    for (const removals of [
      [two, one],
      [one, one],
    ]) {
      expect(() => epochKeysCodec.encode([{ ...made, removals }])).toThrow()
    }
    expect(epochKeysCodec.decode(epochKeysCodec.encode([made]))).toEqual([made])
  })
})

describe('ALOG-16 the ring is bounded', () => {
  test('ALOG-16: a number far ahead is refused, or nobody could go on after it', async () => {
    const ring = await ringOf([createEpoch(rng, 5)])
    await expect(ring.add(createEpoch(rng, 2 ** 32 - 1))).rejects.toMatchObject({
      code: 'ERR_MALFORMED',
    })
    await expect(ring.add(createEpoch(rng, 5 + MAX_EPOCHS + 1))).rejects.toMatchObject({
      code: 'ERR_MALFORMED',
    })
    await ring.add(createEpoch(rng, 5 + MAX_EPOCHS))
    expect(ring.current().number).toBe(5 + MAX_EPOCHS)
  })

  test('ALOG-16: when it is full the oldest go under which nothing is stored, never one in use', async () => {
    const device = await openDevice(1)
    const { log } = device
    const [first] = log.epochs.list()
    await writeNotes(device, ['under the first'])
    for (let number = 2; number <= MAX_EPOCHS; number += 1) {
      await log.epochs.add(createEpoch(rng, number))
      if (number === 5) await writeNotes(device, ['under the fifth'], 'data')
    }
    const next = createEpoch(rng, MAX_EPOCHS + 1)
    await expect(log.epochs.add(next)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    await dropUnusedEpochs(log)
    const numbers = log.epochs.list().map(({ number }) => number)
    expect(numbers.slice(0, 3)).toEqual([1, 5, 259])
    expect(numbers.at(-1)).toBe(MAX_EPOCHS)
    expect(log.epochs.list()[0]?.id).toBe(first?.id)
    await log.epochs.add(next)
    expect(log.epochs.current().number).toBe(MAX_EPOCHS + 1)
  })

  test('ALOG-16: an epoch of another ring is current at once, so that nothing is sealed in between', async () => {
    const first = createEpoch(rng, 1)
    const [ring, draft] = [await ringOf([first]), await ringOf([first])]
    const made = await draft.add(nextEpoch(draft, { out: [entry(1)], at: NOW }, rng))
    const seen: string[] = []
    ring.onAdded(({ id }) => seen.push(id))
    ring.adopt(made)
    expect([ring.current(), seen]).toEqual([made, [made.id]])
    ring.adopt(made)
    expect(seen.length).toBe(1)
  })

  test('ALOG-16: the current epoch is never dropped', async () => {
    const ring = await ringOf([createEpoch(rng, 1)])
    ring.drop(ring.current().id)
    expect(ring.list().length).toBe(1)
  })
})

function ringOf(keys: readonly EpochKey[]): Promise<EpochRing> {
  return createEpochRing(keys, nobleRecordCrypto)
}

function entry(number: number): EntryId {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, number)
  return entryIdFromBytes(bytes)
}

function raise(): never {
  throw new Error('no such device')
}
