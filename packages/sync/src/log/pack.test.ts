import { describe, expect, test } from 'vitest'
import { rangesOf } from '../range-set.ts'
import { FIRST_EPOCH, note, openDevice, type TestDevice, writeNotes } from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { createEpoch } from './epochs.ts'
import { createFrontCoder, createFrontReader, type FrontCoded } from './front-coding.ts'
import type { LaneId } from './lane.ts'
import type { Pack } from './pack.ts'
import type { LogRecord, RecordContent } from './record.ts'

const laneOf = ({ id }: TestDevice): LaneId => ({ device: id, lane: 'messages' })

async function recordsOf(device: TestDevice): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = []
  const span = { ...laneOf(device), from: 1, to: Number.MAX_SAFE_INTEGER }
  for await (const record of device.log.read(span)) records.push(record)
  return records
}

async function packOf(device: TestDevice, records: readonly LogRecord[]): Promise<Pack> {
  const writer = device.log.packing(laneOf(device))
  for (const record of records) expect(await writer.add(record)).toBe(true)
  const pack = await writer.seal()
  if (pack === undefined) throw new Error('an empty pack')
  return pack
}

describe('ALOG-21 packs', () => {
  test('ALOG-21 the same records come out, to the bit, holes and all', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, ['one', 'two', 'three', 'four', '', 'six'])
    await ada.log.append({ lane: 'messages', contents: [note('a'), note('ab'), note('abc')] })
    const records = (await recordsOf(ada)).filter(({ seq }) => seq !== 3)
    const pack = await packOf(ada, records)
    expect(pack.places).toEqual(rangesOf(records.map(({ seq }) => seq)))
    expect(await ben.log.unpack(laneOf(ada), pack)).toEqual({ kind: 'records', records })
  })

  test('ALOG-4 ALOG-21 a forged record is as forged out of a pack as by itself', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, ['one', 'two', 'three'])
    const [one, two, three] = await recordsOf(ada)
    if (!one || !two || !three) throw new Error('three records')
    // A sibling has the epoch key and can seal anything; it cannot sign as Ada.
    const forged = { ...three, signature: three.signature.map((byte) => byte ^ 1) }
    const pack = await packOf(ada, [one, two, forged])
    const unpacked = await ben.log.unpack(laneOf(ada), pack)
    if (unpacked.kind !== 'records') throw new Error(unpacked.kind)
    const report = await ben.log.accept(unpacked.records)
    expect(report.refused.map(({ position, reason }) => [position.seq, reason])).toEqual([
      [3, 'forged'],
    ])
    expect(report.accepted.map(({ record }) => record.seq)).toEqual([1, 2])
  })

  test('ALOG-10 ALOG-21 a record that does not follow the one before it keeps what it names', async () => {
    const [one, other] = [await openDevice(1), await openDevice(1, { rng: createSeededRng(50) })]
    await writeNotes(one, ['a', 'b'])
    await writeNotes(other, ['x', 'y'])
    const [a] = await recordsOf(one)
    const [, y] = await recordsOf(other)
    if (!a || !y) throw new Error('two records each')
    const ben = await openDevice(2)
    const unpacked = await ben.log.unpack(laneOf(one), await packOf(one, [a, y]))
    expect(unpacked).toEqual({ kind: 'records', records: [a, y] })
  })

  test('ALOG-21 a pack holds records of one epoch; without it nothing can be said of it', async () => {
    const next = createEpoch(createSeededRng(8), 2)
    const ada = await openDevice(1)
    await writeNotes(ada, ['old'])
    await ada.log.epochs.add(next)
    await writeNotes(ada, ['new'])
    const [old, fresh] = await recordsOf(ada)
    if (!old || !fresh) throw new Error('two records')
    const writer = ada.log.packing(laneOf(ada))
    expect([await writer.add(old), await writer.add(fresh)]).toEqual([true, false])
    expect((await writer.seal())?.places).toHaveLength(1)
    const ben = await openDevice(2, { epochs: [FIRST_EPOCH] })
    const pack = await packOf(ada, [fresh])
    expect(await ben.log.unpack(laneOf(ada), pack)).toEqual({ kind: 'epoch-unknown' })
  })

  test('ALOG-21 a pack is of one lane and these places, and nobody changes it on the way', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, ['one', 'two'])
    const pack = await packOf(ada, await recordsOf(ada))
    const others: readonly [LaneId, Pack][] = [
      [laneOf(ben), pack],
      [{ device: ada.id, lane: 'data' }, pack],
      [laneOf(ada), { ...pack, places: [{ from: 2, to: 3 }] }],
      [laneOf(ada), { ...pack, places: [{ from: 1, to: 1 }] }],
      [laneOf(ada), { ...pack, sealed: pack.sealed.map((byte, at) => byte ^ (at === 40 ? 1 : 0)) }],
      [laneOf(ada), { ...pack, sealed: pack.sealed.subarray(0, 20) }],
    ]
    for (const [lane, changed] of others) {
      expect(await ben.log.unpack(lane, changed)).toEqual({ kind: 'unreadable' })
    }
  })
})

describe('ALOG-22 what begins alike is written once', () => {
  const body = (text: string): RecordContent => note(text)

  test('ALOG-22 contents come back as they were, of whatever kind and length', () => {
    const rng = createSeededRng(22)
    const contents = Array.from({ length: 300 }, (_, at): RecordContent => {
      const [kind = 0, length = 0, alike = 0] = rng.bytes(3)
      const start = new Uint8Array(alike % 40).fill(alike % 3)
      return {
        kind: `kind ${kind % 3}`,
        body: Uint8Array.of(...start, ...rng.bytes(length), at % 2),
      }
    })
    const coder = createFrontCoder()
    const reader = createFrontReader(2 ** 20)
    expect(contents.map(coder.code).map(reader.read)).toEqual(contents)
  })

  test('ALOG-22 people who write by turns in several chats still share their beginnings', () => {
    const coder = createFrontCoder()
    const starts = ['ada to ben, ada: ', 'ada to ben, ben: ', 'ada to cleo, cleo: ']
    const rests = Array.from({ length: 30 }, (_, at) => {
      const start = starts[at % 3] ?? ''
      return coder.code(body(`${start}${String.fromCharCode(97 + (at % 26))}`)).rest.length
    })
    expect(rests.slice(3).every((length) => length === 1)).toBe(true)
  })

  test.each<[string, FrontCoded]>([
    ['looks back behind the first', { kind: 'a', back: 1, shared: 0, rest: new Uint8Array() }],
    ['shares more than there is', { kind: 'a', back: 0, shared: 1, rest: new Uint8Array() }],
    ['has no kind to go on with', { back: 0, shared: 0, rest: new Uint8Array() }],
    ['is over the limit', { kind: 'a', back: 0, shared: 0, rest: new Uint8Array(101) }],
  ])('C1 what %s is refused', (_, coded) => {
    expect(createFrontReader(100).read(coded)).toBeUndefined()
  })

  test('C1 a few bytes that stand for many end at the limit', () => {
    const reader = createFrontReader(1000)
    expect(reader.read({ kind: 'a', back: 0, shared: 0, rest: new Uint8Array(400) })).toBeDefined()
    const again: FrontCoded = { back: 1, shared: 400, rest: new Uint8Array() }
    expect(reader.read(again)).toBeDefined()
    expect(reader.read(again)).toBeUndefined()
  })
})
