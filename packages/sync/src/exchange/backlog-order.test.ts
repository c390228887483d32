import { describe, expect, test } from 'vitest'
import type { RecordEvent } from '../log/accepting.ts'
import { notesOf, openDevice, type TestDevice, writeNotes } from '../testing/devices.ts'
import { eventually } from '../testing/eventually.ts'
import { framesOf, many, placesOf, speakAlone } from '../testing/exchange-talk.ts'
import { meet, sync } from '../testing/meeting.ts'

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
