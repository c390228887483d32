import { describe, expect, test } from 'vitest'
import { createEpoch } from '../log/epochs.ts'
import {
  FIRST_EPOCH,
  notesOf,
  openDevice,
  type TestDevice,
  writeNotes,
} from '../testing/devices.ts'
import { createSeededRng } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { framesOf, many, speakAlone } from '../testing/exchange-talk.ts'
import { meet, sync } from '../testing/meeting.ts'

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
