import { describe, expect, test } from 'vitest'
import type { RecordEvent } from '../log/accepting.ts'
import { createEpoch, epochIdFromBytes } from '../log/epochs.ts'
import type { laneKey } from '../log/lane.ts'
import { createMemoryAccountLogStore } from '../log/memory-account-log-store.ts'
import { countRanges } from '../range-set.ts'
import {
  FIRST_EPOCH,
  notesOf,
  openDevice,
  type TestDevice,
  writeNotes,
} from '../testing/devices.ts'
import { createManualTime, createSeededRng } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { meet, sync } from '../testing/meeting.ts'
import type { ExchangeStream } from './exchange.ts'
import { STALL_MS } from './exchange.ts'
import { type ExchangeFrame, type FrameOf, frameCodec, MAX_FRAME_BYTES } from './frames.ts'

/** Of an epoch that no device here knows. */
const STRANGE_EPOCH = epochIdFromBytes(new Uint8Array(16).fill(7))

const many = (count: number, prefix = 'n'): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`)

const framesOf = (line: { readonly frames: readonly Uint8Array[] }): readonly ExchangeFrame[] =>
  line.frames.map((bytes) => frameCodec.decode(bytes))

const textOf = ({ contents }: RecordEvent): string =>
  contents.map(({ body }) => new TextDecoder().decode(body)).join()

/** The order in which a device takes in notes of one lane. */
function arrivalsAt(
  { log }: TestDevice,
  lane: 'data' | 'messages',
): readonly (readonly string[])[] {
  const arrivals: (readonly string[])[] = []
  log.events.addEventListener('records:accepted', ({ detail: { events } }) => {
    const texts = events.filter(({ record }) => record.lane === lane).map(textOf)
    if (texts.length > 0) arrivals.push(texts)
  })
  return arrivals
}

describe('ALOG-11 two siblings come to hold the same', () => {
  test('whatever each of them had', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(5, 'a'))
    await writeNotes(ada, many(3, 'data'), 'data')
    await writeNotes(ben, many(4, 'b'))
    await sync(ada, ben)
    expect(await notesOf(ben)).toEqual(await notesOf(ada))
    expect((await notesOf(ada)).length).toBe(9)
    expect(await notesOf(ben, 'data')).toEqual(many(3, 'data'))
    expect([ada.exchanges.pending(ben.id), ben.exchanges.pending(ada.id)]).toEqual([0, 0])
  })

  test('nothing is sent twice: after a second meeting only holdings crossed', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(5))
    await sync(ada, ben)
    const second = meet(ada, ben)
    await second.caughtUp()
    await second.close()
    expect(framesOf(second.line).map(({ kind }) => kind)).toEqual(['holds', 'holds'])
  })

  test('a third device gets from the second what the first wrote', async () => {
    const [ada, ben, cleo] = [await openDevice(1), await openDevice(2), await openDevice(3)]
    await writeNotes(ada, many(5))
    await sync(ada, ben)
    await sync(ben, cleo)
    expect(await notesOf(cleo)).toEqual(many(5))
  })

  test('what is written while connected arrives live, without being asked for', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    await writeNotes(ada, ['now'])
    await eventually(async () => expect(await notesOf(ben)).toEqual(['now']))
    await eventually(() => expect(ada.exchanges.pending(ben.id)).toBe(0))
    await meeting.close()
    expect(framesOf(meeting.line).map(({ kind }) => kind)).not.toContain('want')
  })

  test('live records make room when they are dealt with: a thousand come without being asked for', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    for (let at = 0; at < 1_000; at += 100) {
      await writeNotes(ada, many(100))
      await eventually(async () => expect((await notesOf(ben)).length).toBe(at + 100))
    }
    await meeting.close()
    expect(framesOf(meeting.line).map(({ kind }) => kind)).not.toContain('want')
  })

  test('what comes from a third sibling is announced, and fetched by whoever lacks it', async () => {
    const [ada, ben, cleo] = [await openDevice(1), await openDevice(2), await openDevice(3)]
    const [adaBen, benCleo] = [meet(ada, ben), meet(ben, cleo)]
    await Promise.all([adaBen.caughtUp(), benCleo.caughtUp()])
    await writeNotes(ada, ['through ben'])
    await eventually(async () => expect(await notesOf(cleo)).toEqual(['through ben']))
    await Promise.all([adaBen.close(), benCleo.close()])
  })

  test('progress falls to none, then it is caught up', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(300))
    const seen: number[] = []
    ben.exchanges.events.addEventListener('sibling:progress', ({ detail }) => {
      seen.push(detail.missing)
    })
    await sync(ada, ben)
    expect(seen[0]).toBe(300)
    expect(seen.at(-1)).toBe(0)
    expect(seen).toEqual(seen.toSorted((a, b) => b - a))
  })

  test('ALOG-23 a sibling says what it has of this device, at first and as it takes it in', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(3))
    await sync(ada, ben)
    const heard: unknown[] = []
    ada.exchanges.events.addEventListener('sibling:holds', ({ detail }) => heard.push(detail))
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    const own = { device: ben.id, lane: 'messages' }
    expect(heard).toEqual([{ ...own, ranges: [{ from: 1, to: 3 }] }])
    await writeNotes(ada, ['later'])
    await eventually(() => expect(heard.at(-1)).toEqual({ ...own, ranges: [{ from: 4, to: 4 }] }))
    await writeNotes(ben, ['of ben'])
    await eventually(async () => expect(await notesOf(ada)).toContain('of ben'))
    await meeting.close()
    expect(heard).toHaveLength(2)
  })

  test('lacking counts what is still to come of a lane, from several siblings once', async () => {
    const [ada, ben, cleo] = [await openDevice(1), await openDevice(2), await openDevice(3)]
    await writeNotes(ada, many(5))
    await sync(ada, ben)
    expect(cleo.exchanges.lacking('messages')).toBe(0)
    const holds = (device: TestDevice) => ({
      kind: 'holds' as const,
      lanes: device.log.holdings().map(({ tip: _, ...held }) => held),
      last: true,
    })
    const peers = [speakAlone(cleo, ada.id), speakAlone(cleo, ben.id)]
    for (const peer of peers) await peer.say(holds(ada))
    await eventually(() => expect(cleo.exchanges.lacking('messages')).toBe(5))
    expect(cleo.exchanges.lacking('data')).toBe(0)
    for (const peer of peers) peer.close()
    await sync(cleo, ben)
    expect(cleo.exchanges.lacking('messages')).toBe(0)
  })

  test('pending counts what a sibling lacks, also before it was ever met and after it left', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(3))
    expect(ada.exchanges.pending(ben.id)).toBe(3)
    await sync(ada, ben)
    await eventually(() => expect(ada.exchanges.pending(ben.id)).toBe(0))
    await writeNotes(ada, ['later'])
    expect(ada.exchanges.pending(ben.id)).toBe(1)
  })
})

describe('ALOG-12 order and division of the backlog', () => {
  test('messages come newest first, data oldest first, data before messages', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(300, 'm'))
    await writeNotes(ada, many(200, 'd'), 'data')
    const [messages, data] = [arrivalsAt(ben, 'messages'), arrivalsAt(ben, 'data')]
    await sync(ada, ben)
    expect(data.flat()).toEqual(many(200, 'd'))
    expect(messages[0]?.at(-1)).toBe('m299')
    expect(messages.at(-1)?.[0]).toBe('m0')
    const firsts = messages.map(([first]) => Number(first?.slice(1)))
    expect(firsts).toEqual(firsts.toSorted((a, b) => b - a))
  })

  test('ALOG-24 a want of messages is answered from its newest down, beginning with little', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const long = 'x'.repeat(2_000)
    await writeNotes(
      ada,
      many(120).map((text) => text + long),
    )
    const arrivals = arrivalsAt(ben, 'messages')
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    await meeting.close()
    // One want, several frames: each older than the one before, and in itself in order.
    const wants = framesOf(meeting.line).filter(({ kind }) => kind === 'want')
    expect(wants).toHaveLength(1)
    const numbers = arrivals.map((texts) => texts.map((text) => Number.parseInt(text.slice(1), 10)))
    expect(numbers.map((of) => of.length).slice(0, 2)).toEqual([29, 59])
    expect(numbers.toReversed().flat()).toEqual(Array.from({ length: 120 }, (_, at) => at))
  })

  test('ALOG-20 the lanes of several devices come side by side, however long each is', async () => {
    const [ada, ben, newcomer] = [await openDevice(1), await openDevice(2), await openDevice(3)]
    await writeNotes(ada, many(1_100, 'long'))
    await writeNotes(ben, many(300, 'short'))
    await sync(ada, ben)
    const arrivals = arrivalsAt(newcomer, 'messages')
    await sync(newcomer, ada)
    // The newest of both lanes are there before anything older of either.
    expect(
      arrivals
        .slice(0, 2)
        .map((texts) => texts.at(-1))
        .sort(),
    ).toEqual(['long1099', 'short299'])
    expect(arrivals.at(-1)?.[0]).toBe('long0')
  })

  test('with several siblings each record is fetched once', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, many(600))
    const holders = [ada]
    for (const number of [2, 3]) {
      const holder = await openDevice(number)
      await sync(ada, holder)
      holders.push(holder)
    }
    const newcomer = await openDevice(4)
    const meetings = holders.map((holder) => meet(newcomer, holder))
    await eventually(async () => expect((await notesOf(newcomer)).length).toBe(600))
    const sent = meetings.flatMap(({ line }) =>
      framesOf(line).map((frame) => (frame.kind === 'records' ? placesOf(frame) : 0)),
    )
    expect(sent.reduce((sum, count) => sum + count, 0)).toBe(600)
    const byHolder = meetings.map(
      ({ line }) => framesOf(line).filter(({ kind }) => kind === 'records').length,
    )
    expect(byHolder.every((count) => count > 0)).toBe(true)
    await Promise.all(meetings.map((meeting) => meeting.close()))
  })

  test('what a sibling that vanished had promised is fetched from another', async () => {
    const ada = await openDevice(1)
    await writeNotes(ada, many(200))
    const ben = await openDevice(2)
    await sync(ada, ben)
    const newcomer = await openDevice(4)
    const silent = speakAlone(newcomer, ada.id)
    await silent.say({
      kind: 'holds',
      lanes: ada.log
        .holdings()
        .map(({ device, lane, stored, covered }) => ({ device, lane, stored, covered })),
      last: true,
    })
    await eventually(() => expect(silent.heard().map(({ kind }) => kind)).toContain('want'))
    const meeting = meet(newcomer, ben)
    silent.close()
    await eventually(async () => expect(await notesOf(newcomer)).toEqual(many(200)))
    await meeting.close()
  })
})

describe('ALOG-13 windows and limits', () => {
  test('at most two wants are open, of 512 records each, and no frame is over 256 KiB', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const large = 'x'.repeat(20_000)
    await writeNotes(
      ada,
      many(150).map((text) => text + large),
    )
    await writeNotes(ada, many(600), 'data')
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    await meeting.close()
    let open = 0
    for (const frame of framesOf(meeting.line)) {
      if (frame.kind === 'want') open += 1
      if (frame.kind === 'records' && frame.last) open -= 1
      expect(open).toBeLessThanOrEqual(2)
      if (frame.kind === 'records') expect(placesOf(frame)).toBeLessThanOrEqual(512)
    }
    expect(Math.max(...meeting.line.frames.map(({ length }) => length))).toBeLessThanOrEqual(
      MAX_FRAME_BYTES,
    )
    expect(await notesOf(ben)).toEqual(await notesOf(ada))
  })

  test('live records nobody has dealt with are bounded; the rest is announced and fetched', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const peer = speakAlone(ada, ben.id)
    await peer.say({ kind: 'holds', lanes: [], last: true })
    await writeNotes(ada, many(400))
    await eventually(() => {
      const live = peer.heard().flatMap((frame) => (frame.kind === 'live' ? frame.records : []))
      expect(live.length).toBe(256)
      expect(peer.heard().some((frame) => frame.kind === 'held')).toBe(true)
    })
    peer.close()
    await sync(ada, ben)
    expect(await notesOf(ben)).toEqual(many(400))
  })

  test.each<[string, Uint8Array, string]>([
    ['bytes that are no frame', Uint8Array.of(1, 2, 3), 'ERR_EXCHANGE_MALFORMED'],
    ['an empty frame', new Uint8Array(), 'ERR_EXCHANGE_MALFORMED'],
    ['a frame over 256 KiB', new Uint8Array(MAX_FRAME_BYTES + 1), 'ERR_EXCHANGE_MALFORMED'],
    ['ranges out of order', rawHolds([9, 9], [1, 2]), 'ERR_EXCHANGE_MALFORMED'],
    ['ranges that touch', rawHolds([1, 2], [3, 4]), 'ERR_EXCHANGE_MALFORMED'],
    ['a range from 0', rawHolds([0, 2]), 'ERR_EXCHANGE_MALFORMED'],
    [
      'records nobody asked for',
      frameCodec.encode({ kind: 'records', id: 7, records: [], last: true, absent: [] }),
      'ERR_EXCHANGE_LIMIT',
    ],
    ['an answer to no live', frameCodec.encode({ kind: 'done', id: 7 }), 'ERR_EXCHANGE_LIMIT'],
  ])('%s ends the exchange with a code, and nothing is lost', async (_, bytes, code) => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, ['a'])
    const peer = speakAlone(ada, ben.id)
    await peer.sayBytes(bytes)
    expect(await peer.end).toEqual({ kind: 'failed', code })
    await sync(ada, ben)
    expect(await notesOf(ben)).toEqual(['a'])
  })

  test('holdings told twice, and more wants than agreed on, end it', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const twice = speakAlone(ada, ben.id)
    await twice.say({ kind: 'holds', lanes: [], last: true })
    await twice.say({ kind: 'holds', lanes: [], last: true })
    expect(await twice.end).toMatchObject({ code: 'ERR_EXCHANGE_LIMIT' })
    await writeNotes(ada, many(3))
    const greedy = speakAlone(ada, ben.id, { deaf: true })
    for (let id = 1; id < 12; id += 1) {
      const ranges = [{ from: 1, to: 3 }]
      await greedy.say({ kind: 'want', id, device: ada.id, lane: 'messages', ranges })
    }
    expect(await greedy.end).toMatchObject({ code: 'ERR_EXCHANGE_LIMIT' })
    const wide = speakAlone(ada, ben.id)
    await wide.say({
      kind: 'want',
      id: 1,
      device: ada.id,
      lane: 'messages',
      ranges: [{ from: 1, to: 513 }],
    })
    expect(await wide.end).toMatchObject({ code: 'ERR_EXCHANGE_LIMIT' })
  })

  test('records other than the wanted ones end it, and are not taken in', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(5))
    const peer = speakAlone(ben, ada.id)
    const stored = [{ from: 1, to: 2 }]
    await peer.say({
      kind: 'holds',
      lanes: [{ device: ada.id, lane: 'messages', stored, covered: [] }],
      last: true,
    })
    await eventually(() => expect(peer.heard().map(({ kind }) => kind)).toContain('want'))
    const records = []
    const span = { device: ada.id, lane: 'messages', from: 4, to: 5 } as const
    for await (const record of ada.log.read(span)) records.push(record)
    await peer.say({ kind: 'records', id: 1, records, last: true, absent: [] })
    expect(await peer.end).toMatchObject({ code: 'ERR_EXCHANGE_LIMIT' })
    expect(await notesOf(ben)).toEqual([])
  })

  test('a sibling that owes an answer and is silent is given up after 30 s', async () => {
    const time = createManualTime()
    const [ada, ben] = [await openDevice(1), await openDevice(2, { time })]
    const peer = speakAlone(ben, ada.id)
    await peer.say({
      kind: 'holds',
      lanes: [{ device: ada.id, lane: 'messages', stored: [{ from: 1, to: 9 }], covered: [] }],
      last: true,
    })
    await eventually(() => expect(peer.heard().map(({ kind }) => kind)).toContain('want'))
    // Each time later than 30 s after the want, but not after the last frame; the answer shows
    // that it was dealt with.
    for (const id of [1, 2, 3]) {
      time.pass(STALL_MS - 1)
      await peer.say({ kind: 'live', id, lane: 'messages', records: [] })
      await eventually(() => expect(peer.heard()).toContainEqual({ kind: 'done', id }))
    }
    time.pass(STALL_MS)
    expect(await peer.end).toEqual({ kind: 'failed', code: 'ERR_EXCHANGE_STALLED' })
  })

  test.each([
    ['no records', {}],
    ['an empty pack', { pack: { epoch: STRANGE_EPOCH, places: [], sealed: new Uint8Array(64) } }],
  ] as const)('ALOG-13 an answer of %s is not asked for again', async (_, answer) => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const peer = speakAlone(ben, ada.id)
    await peer.say({
      kind: 'holds',
      lanes: [{ device: ada.id, lane: 'messages', stored: [{ from: 1, to: 9 }], covered: [] }],
      last: true,
    })
    await eventually(() => expect(peer.heard().map(({ kind }) => kind)).toContain('want'))
    await peer.say({ kind: 'records', id: 1, records: [], ...answer, last: true, absent: [] })
    await peer.say({ kind: 'held', lanes: [] })
    await eventually(() => expect(peer.unread()).toBe(0))
    expect(peer.heard().filter(({ kind }) => kind === 'want').length).toBe(1)
    peer.close()
  })
})

describe('ALOG-14 withheld records', () => {
  test('ALOG-14 what is released is told of without connecting anew, some and then all', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(6))
    let to = 4
    const released = new Set<() => void>()
    const withheld = {
      until: Number.POSITIVE_INFINITY,
      of: () => (to === 0 ? [] : [{ from: 1, to }]),
      onReleased: (listener: () => void) => {
        released.add(listener)
        return () => released.delete(listener)
      },
    }
    const meeting = meet(ada, ben, [{ withheld }, {}])
    await meeting.caughtUp()
    expect(await notesOf(ben)).toEqual(['n4', 'n5'])
    for (const [limit, first] of [
      [2, 'n2'],
      [0, 'n0'],
    ] as const) {
      to = limit
      for (const listener of released) listener()
      await eventually(async () => expect((await notesOf(ben))[0]).toBe(first))
    }
    await meeting.close()
    expect(released.size).toBe(0)
  })

  test('are neither told of nor sent before the time, and then at once', async () => {
    const time = createManualTime()
    const [ada, ben] = [await openDevice(1, { time }), await openDevice(2, { time })]
    await writeNotes(ada, ['old one', 'old two'])
    await writeNotes(ada, ['data'], 'data')
    const old = [{ from: 1, to: 2 }]
    const until = time.now() + 86_400_000
    const of = (lane: Parameters<typeof laneKey>[0]) => (lane.lane === 'messages' ? old : [])
    const meeting = meet(ada, ben, [{ withheld: { until, of } }, {}])
    await meeting.caughtUp()
    await writeNotes(ada, ['new'])
    await eventually(async () => expect(await notesOf(ben)).toEqual(['new']))
    expect(await notesOf(ben, 'data')).toEqual(['data'])
    time.pass(86_399_999)
    await writeNotes(ada, ['newer'])
    await eventually(async () => expect(await notesOf(ben)).toEqual(['new', 'newer']))
    time.pass(1)
    await eventually(async () =>
      expect(await notesOf(ben)).toEqual(['old one', 'old two', 'new', 'newer']),
    )
    await meeting.close()
  })

  test('are not sent when they are asked for by number either', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, ['old', 'new'])
    const withheld = { until: Number.MAX_SAFE_INTEGER, of: () => [{ from: 1, to: 1 }] }
    const peer = speakAlone(ada, ben.id, { withheld })
    const ranges = [{ from: 1, to: 2 }]
    await peer.say({ kind: 'want', id: 1, device: ada.id, lane: 'messages', ranges })
    await eventually(() => expect(peer.heard().some(({ kind }) => kind === 'records')).toBe(true))
    const answer = peer.heard().find(({ kind }) => kind === 'records')
    expect(answer).toMatchObject({ last: true, absent: [{ from: 1, to: 1 }] })
    peer.close()
  })
})

describe('D4 resuming', () => {
  test('a line that is cut again and again: every record arrives, each once', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    await writeNotes(ada, many(600))
    const arrived: number[] = []
    ben.log.events.addEventListener('records:accepted', ({ detail: { events } }) => {
      arrived.push(...events.map(({ record }) => record.seq))
    })
    for (let meeting = 0; arrived.length < 600; meeting += 1) {
      expect(meeting).toBeLessThan(20)
      const { line, ends } = meet(ada, ben)
      const enough = Math.min(600, arrived.length + 128)
      await eventually(() => expect(arrived.length).toBeGreaterThanOrEqual(enough))
      line.cut()
      for (const end of await Promise.all(ends)) {
        expect(end).toMatchObject({ kind: 'failed', code: 'ERR_EXCHANGE_STREAM' })
      }
    }
    expect(new Set(arrived).size).toBe(600)
    expect(arrived.length).toBe(600)
  })

  test('our own signal stops it; the sibling sees the stream end', async () => {
    const [ada, ben] = [await openDevice(1), await openDevice(2)]
    const stop = new AbortController()
    const { line } = meetOneSided(ben)
    const end = ada.exchanges.run({ sibling: ben.id, stream: line }, { signal: stop.signal })
    stop.abort()
    expect(await end).toEqual({ kind: 'stopped' })
    expect(
      await ada.exchanges.run({ sibling: ben.id, stream: line }, { signal: stop.signal }),
    ).toEqual({ kind: 'stopped' })
  })

  test('a store that fails ends the exchange with its error, and nothing is told as held', async () => {
    const inner = createMemoryAccountLogStore()
    let broken = true
    const store = {
      ...inner,
      commit: (change: Parameters<typeof inner.commit>[0]) =>
        broken ? Promise.reject(new Error('EIO')) : inner.commit(change),
    }
    const [ada, ben] = [await openDevice(1), await openDevice(2, { store })]
    await writeNotes(ada, many(3))
    const failing = meet(ada, ben)
    await expect(failing.ends[1]).rejects.toThrow('EIO')
    failing.line.close()
    expect(ada.exchanges.pending(ben.id)).toBe(3)
    broken = false
    await sync(ada, ben)
    expect(await notesOf(ben)).toEqual(many(3))
  })
})

describe('A5 A8 with whom', () => {
  test('somebody who is no sibling is told nothing and heard nothing', async () => {
    const ada = await openDevice(1, { exchanges: { isSibling: () => false } })
    await writeNotes(ada, ['secret'])
    const peer = speakAlone(ada, (await openDevice(3)).id)
    await peer.say({ kind: 'holds', lanes: [], last: true })
    expect(await peer.end).toMatchObject({ code: 'ERR_EXCHANGE_NOT_SIBLING' })
    expect(peer.heard()).toEqual([])
  })

  test('a device that is removed while connected gets nothing more, and nothing more is taken from it', async () => {
    let isIn = true
    const ada = await openDevice(1, { exchanges: { isSibling: () => isIn }, mayWrite: () => isIn })
    const ben = await openDevice(2)
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    isIn = false
    await writeNotes(ada, ['secret'])
    expect(await meeting.ends[0]).toMatchObject({ code: 'ERR_EXCHANGE_NOT_SIBLING' })
    meeting.line.close()
    expect(await notesOf(ben)).toEqual([])
  })
})

describe('ALOG-10 what two siblings see of a third', () => {
  test('forks show when they compare their newest record of a lane', async () => {
    const [one, other] = [await openDevice(1), await openDevice(1, { rng: createSeededRng(50) })]
    await writeNotes(one, ['a', 'b'])
    await writeNotes(other, ['a', 'x'])
    const [ben, cleo] = [await openDevice(2), await openDevice(3)]
    await sync(one, ben)
    await sync(other, cleo)
    const forks: unknown[] = []
    ben.log.events.addEventListener('log:forked', ({ detail }) => forks.push(detail))
    await sync(ben, cleo)
    expect(forks).toContainEqual({ device: one.id, lane: 'messages', seq: 2 })
  })

  test('records of an unknown epoch are asked for again when it is known', async () => {
    const next = createEpoch(createSeededRng(8), 2)
    const ada = await openDevice(1, { epochs: [FIRST_EPOCH, next] })
    const ben = await openDevice(2)
    await writeNotes(ada, many(3))
    const meeting = meet(ada, ben)
    await meeting.caughtUp()
    expect(await notesOf(ben)).toEqual([])
    await ben.log.epochs.add(next)
    await eventually(async () => expect(await notesOf(ben)).toEqual(many(3)))
    await meeting.close()
  })
})

/** Says what it is told to say, whatever that is. */
function speakAlone(
  device: TestDevice,
  as: TestDevice['id'],
  options: {
    readonly deaf?: boolean
    readonly withheld?: Parameters<TestDevice['exchanges']['run']>[0]['withheld']
  } = {},
) {
  const said: Uint8Array[] = []
  const frames: ExchangeFrame[] = []
  let wake = (): void => {}
  let closed = false
  const stream: ExchangeStream = {
    incoming: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const next = said.shift()
          if (next !== undefined) yield next
          else if (closed) return
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      },
    },
    send: async (frame, { signal } = {}) => {
      frames.push(frameCodec.decode(frame))
      if (options.deaf !== true || frames.length < 2) return
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
  }
  const { withheld } = options
  const end = device.exchanges.run({
    sibling: as,
    stream,
    ...(withheld === undefined ? {} : { withheld }),
  })
  const sayBytes = async (bytes: Uint8Array): Promise<void> => {
    said.push(bytes)
    wake()
    await Promise.resolve()
  }
  return {
    end,
    sayBytes,
    say: (frame: ExchangeFrame) => sayBytes(frameCodec.encode(frame)),
    heard: () => frames,
    unread: () => said.length,
    close: () => {
      closed = true
      wake()
    },
  }
}

function meetOneSided(_: TestDevice): { readonly line: ExchangeStream } {
  return {
    line: {
      incoming: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
      send: async () => {},
    },
  }
}

/** How many records a frame brings. */
function placesOf({ records, pack }: FrameOf<'records'>): number {
  return records.length + countRanges(pack?.places ?? [])
}

/** A frame of holdings with ranges the codec would not write. */
function rawHolds(...ranges: readonly (readonly [number, number])[]): Uint8Array {
  const device = new Uint8Array(32).fill(1)
  const list = ranges.flatMap(([from, to]) => [0x82, from, to])
  return Uint8Array.from([
    ...[0x82, 0x65, ...new TextEncoder().encode('holds')],
    ...[0x83, 0x81, 0x85, 0x58, 32, ...device, 0],
    ...[0x80 + ranges.length, ...list, 0x80, 0xf6, 0xf5, 0xf6],
  ])
}
