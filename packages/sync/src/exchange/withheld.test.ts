import { describe, expect, test } from 'vitest'
import type { laneKey } from '../log/lane.ts'
import { notesOf, openDevice, writeNotes } from '../testing/devices.ts'
import { createManualTime } from '../testing/environment.ts'
import { eventually } from '../testing/eventually.ts'
import { many, speakAlone } from '../testing/exchange-talk.ts'
import { meet } from '../testing/meeting.ts'

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
