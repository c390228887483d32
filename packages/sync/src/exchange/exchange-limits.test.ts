import { describe, expect, test } from 'vitest'
import { epochIdFromBytes } from '../log/epochs.ts'
import { notesOf, openDevice, writeNotes } from '../testing/devices.ts'
import { createManualTime } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { framesOf, many, placesOf, speakAlone } from '../testing/exchange-talk.ts'
import { meet, sync } from '../testing/meeting.ts'
import { STALL_MS } from './exchange.ts'
import { frameCodec, MAX_FRAME_BYTES } from './frames.ts'

/** Of an epoch that no device here knows. */
const STRANGE_EPOCH = epochIdFromBytes(new Uint8Array(16).fill(7))

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
