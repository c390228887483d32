import { describe, expect, test } from 'vitest'
import { notesOf, openDevice, writeNotes } from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { flipped, forksOf, recordsOf } from '../testing/log-records.ts'

describe('ALOG-10 forked logs', () => {
  test('of two records at one place the first stays, and the fork is reported', async () => {
    const [one, other] = [await openDevice(1), await openDevice(1, { rng: createSeededRng(50) })]
    await writeNotes(one, ['before'])
    await writeNotes(other, ['after the backup'])
    const ben = await openDevice(2)
    const forks = forksOf(ben)
    await ben.log.accept(await recordsOf(one))
    const { refused } = await ben.log.accept(await recordsOf(other))
    expect(refused.map(({ reason }) => reason)).toEqual(['equivocation'])
    expect(forks).toEqual([{ device: one.id, lane: 'messages', seq: 1 }])
    expect(await notesOf(ben)).toEqual(['before'])
  })

  test('a forged record at a taken place is no fork', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a'])
    const ben = await openDevice(2)
    const forks = forksOf(ben)
    const [record] = await recordsOf(ada)
    if (record === undefined) throw new Error('no record')
    await ben.log.accept([record])
    const { refused } = await ben.log.accept([{ ...record, sealed: flipped(record.sealed) }])
    expect([refused[0]?.reason, forks]).toEqual(['forged', []])
  })

  test('a record that follows another one than ours shows the fork at once', async () => {
    const [one, other] = [await openDevice(1), await openDevice(1, { rng: createSeededRng(50) })]
    await writeNotes(one, ['a'])
    await writeNotes(other, ['b', 'c'])
    const ben = await openDevice(2)
    const forks = forksOf(ben)
    await ben.log.accept(await recordsOf(one))
    await ben.log.accept((await recordsOf(other)).slice(1))
    expect(forks.map(({ seq }) => seq)).toEqual([2])
    expect(await notesOf(ben)).toEqual(['a', 'c'])
  })

  test('B2 a device restored from a backup takes back what it had written, and goes on after it', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, ['a', 'b', 'c'])
    const restored = await openDevice(1, { rng: createSeededRng(50) })
    const forks = forksOf(restored)
    await restored.log.accept(await recordsOf(ada))
    await writeNotes(restored, ['d'])
    expect(await notesOf(restored)).toEqual(['a', 'b', 'c', 'd'])
    const ben = await openDevice(2)
    const benForks = forksOf(ben)
    await ben.log.accept(await recordsOf(ada))
    await ben.log.accept(await recordsOf(restored))
    expect(await notesOf(ben)).toEqual(['a', 'b', 'c', 'd'])
    expect([forks, benForks]).toEqual([[], []])
  })
})
