import { describe, expect, test } from 'vitest'
import {
  parseQuietSpan,
  type QuietHours,
  quietUntil,
  WEEKDAYS,
  type Weekday,
} from './quiet-hours.ts'
import { momentsOf, openTimeZone, type TimeZone } from './time-zone.ts'

/** Quiet hours of some days; `every` for those that are not named. */
function hours(days: Partial<Record<Weekday, string>> & { readonly every?: string }): QuietHours {
  const spans = WEEKDAYS.map((day) => {
    const span = parseQuietSpan(days[day] ?? days.every ?? 'never')
    if (span === undefined) throw new Error('not a span')
    return [day, span === 'never' ? undefined : span] as const
  })
  return { on: true, days: Object.fromEntries(spans) as QuietHours['days'] }
}

function zone(name: string): TimeZone {
  const found = openTimeZone(name)
  if (found === undefined) throw new Error(`this platform does not know ${name}`)
  return found
}

/** The days of 2026 on which a zone changes its clock, each as its first moment of UTC. */
function daysOfChange({ offsetAt }: TimeZone): readonly number[] {
  const days = Array.from({ length: 365 }, (_, day) => Date.UTC(2026, 0, 1 + day))
  return days.filter((day) => offsetAt(day) !== offsetAt(day + 86_400_000))
}

/** When quiet ends as a time of UTC, or that it is not quiet. */
function until(quiet: QuietHours, at: string, place: string): string {
  const end = quietUntil(quiet, Date.parse(at), zone(place))
  return end === undefined ? 'not quiet' : new Date(end).toISOString().slice(0, 16)
}

describe('ACC-22 a span for each weekday', () => {
  const work = hours({ monday: '09:00-18:00', tuesday: '09:00-18:00', saturday: '00:00-00:00' })

  test.each([
    ['Monday before it begins', '2026-11-23T07:59:59.999Z', 'not quiet'],
    ['Monday as it begins', '2026-11-23T08:00Z', '2026-11-23T17:00'],
    ['Monday in the middle', '2026-11-23T12:30Z', '2026-11-23T17:00'],
    ['a moment before it ends', '2026-11-23T16:59:59.999Z', '2026-11-23T17:00'],
    ['as it ends', '2026-11-23T17:00Z', 'not quiet'],
    ['Wednesday, which has none', '2026-11-25T12:30Z', 'not quiet'],
    ['Saturday, all day, from midnight there', '2026-11-27T23:00Z', '2026-11-28T23:00'],
    ['Friday a minute before', '2026-11-27T22:59Z', 'not quiet'],
    ['Sunday', '2026-11-28T23:00Z', 'not quiet'],
  ])('ACC-22 by the clock of Berlin: %s', (_, at, end) => {
    expect(until(work, at, 'Europe/Berlin')).toBe(end)
  })

  test('ACC-22 none while they are off', () => {
    const off = { ...hours({ every: '00:00-00:00' }), on: false }
    expect(until(off, '2026-11-23T12:30Z', 'UTC')).toBe('not quiet')
  })

  test('ACC-22 the same moment is quiet in one place and not in another', () => {
    const at = '2026-11-23T08:30Z'
    expect(until(work, at, 'Europe/Berlin')).toBe('2026-11-23T17:00')
    expect(until(work, at, 'America/New_York')).toBe('not quiet')
    expect(until(work, at, 'Asia/Kathmandu')).toBe('2026-11-23T12:15')
  })
})

describe('ACC-23 spans that cross midnight belong to the day they begin on', () => {
  const nights = hours({ friday: '22:00-07:00', saturday: '23:30-09:15' })

  test.each([
    ['Friday evening', '2026-11-27T22:00Z', '2026-11-28T07:00'],
    ['the morning after', '2026-11-28T06:59Z', '2026-11-28T07:00'],
    ['the morning after, over', '2026-11-28T07:00Z', 'not quiet'],
    ['Friday morning, since Thursday has none', '2026-11-27T06:00Z', 'not quiet'],
    ['Saturday before its own begins', '2026-11-28T23:29Z', 'not quiet'],
    ['Sunday morning', '2026-11-29T09:14Z', '2026-11-29T09:15'],
    ['Sunday evening', '2026-11-29T22:30Z', 'not quiet'],
  ])('ACC-23 %s', (_, at, end) => expect(until(nights, at, 'UTC')).toBe(end))

  test('ACC-23 spans that touch or overlap are one: it says when it is really over', () => {
    const joined = hours({ friday: '20:00-00:00', saturday: '00:00-10:00', sunday: '09:00-11:00' })
    expect(until(joined, '2026-11-27T21:00Z', 'UTC')).toBe('2026-11-28T10:00')
    const overlapping = hours({ friday: '20:00-09:00', saturday: '08:00-10:00' })
    expect(until(overlapping, '2026-11-27T21:00Z', 'UTC')).toBe('2026-11-28T10:00')
  })

  test('ACC-23 who is never to be told is always quiet', () => {
    const always = hours({ every: '00:00-00:00' })
    const begin = Date.parse('2026-11-23T00:00Z')
    for (let at = begin; at < begin + 8 * 86_400_000; at += 3_600_000) {
      expect(quietUntil(always, at, zone('Europe/Berlin'))).toBeGreaterThan(at + 6 * 86_400_000)
    }
  })
})

describe('ACC-24 clocks that are changed', () => {
  const night = hours({ every: '22:00-07:00' })
  const small = hours({ every: '02:30-02:45' })

  test('ACC-24 the night in which Berlin sets the clock forward is an hour shorter', () => {
    expect(until(night, '2026-03-28T21:00Z', 'Europe/Berlin')).toBe('2026-03-29T05:00')
    expect(until(night, '2026-03-27T21:00Z', 'Europe/Berlin')).toBe('2026-03-28T06:00')
  })

  test('ACC-24 the night in which it is set back is an hour longer', () => {
    expect(until(night, '2026-10-24T20:00Z', 'Europe/Berlin')).toBe('2026-10-25T06:00')
  })

  test('ACC-24 a span in the hour that is left out is none on that day', () => {
    for (let minute = 0; minute < 180; minute += 1) {
      const at = new Date(Date.parse('2026-03-29T00:00Z') + minute * 60_000).toISOString()
      expect(until(small, at, 'Europe/Berlin')).toBe('not quiet')
    }
  })

  test('ACC-24 what begins in the hour that is left out begins as the clock is set', () => {
    const late = hours({ every: '02:30-07:00' })
    expect(until(late, '2026-03-29T00:59:59Z', 'Europe/Berlin')).toBe('not quiet')
    expect(until(late, '2026-03-29T01:00Z', 'Europe/Berlin')).toBe('2026-03-29T05:00')
  })

  test('ACC-24 in the hour that comes twice it is quiet from the first beginning to the last end', () => {
    // 02:30 in Berlin is 00:30 and then 01:30 of UTC.
    expect(until(small, '2026-10-25T00:29Z', 'Europe/Berlin')).toBe('not quiet')
    expect(until(small, '2026-10-25T00:30Z', 'Europe/Berlin')).toBe('2026-10-25T01:45')
    expect(until(small, '2026-10-25T01:00Z', 'Europe/Berlin')).toBe('2026-10-25T01:45')
    expect(until(small, '2026-10-25T01:45Z', 'Europe/Berlin')).toBe('not quiet')
  })

  test.each([
    // New York: forward on 8 March 2026 at 07:00 UTC, back on 1 November at 06:00.
    ['America/New_York', '2026-03-08T03:00Z', '2026-03-08T11:00'],
    ['America/New_York', '2026-11-01T02:00Z', '2026-11-01T12:00'],
    // Lord Howe: half an hour, the other way round in the year.
    ['Australia/Lord_Howe', '2026-04-04T11:00Z', '2026-04-04T20:30'],
    ['Australia/Lord_Howe', '2026-10-03T11:30Z', '2026-10-03T20:00'],
    // São Paulo until 2019: the clock was set forward at midnight, over the first hour of a day.
    ['America/Sao_Paulo', '2018-11-04T01:00Z', '2018-11-04T09:00'],
    // Casablanca: back for Ramadan, forward after it.
    ['Africa/Casablanca', '2026-02-14T21:00Z', '2026-02-15T07:00'],
    // Never changed, and not by whole hours.
    ['Asia/Kathmandu', '2026-03-28T16:15Z', '2026-03-29T01:15'],
    ['Pacific/Chatham', '2026-04-04T08:15Z', '2026-04-04T18:15'],
  ])('ACC-24 a night in %s, at %s', (place, at, end) => {
    expect(until(night, at, place)).toBe(end)
    const before = new Date(Date.parse(at) - 1).toISOString()
    expect(until(night, before, place)).toBe('not quiet')
  })

  test('ACC-24 Samoa left out the 30th of December 2011: two nights are one', () => {
    // Thursday the 29th, 22:00 by UTC-10; Saturday the 31st began 2 hours later, by UTC+14.
    expect(until(night, '2011-12-30T07:59Z', 'Pacific/Apia')).toBe('not quiet')
    expect(until(night, '2011-12-30T08:00Z', 'Pacific/Apia')).toBe('2011-12-30T17:00')
    expect(until(night, '2011-12-30T17:00Z', 'Pacific/Apia')).toBe('not quiet')
  })

  test.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo'])(
    'ACC-24 around every change of 2026 in %s it is quiet as the clock on the wall says',
    (place) => {
      const there = zone(place)
      const changes = daysOfChange(there)
      expect(changes.length).toBe(2)
      for (const change of changes) {
        let last = 0
        for (let at = change - 86_400_000; at < change + 2 * 86_400_000; at += 900_000) {
          const end = quietUntil(night, at, there)
          const hour = new Date(at + there.offsetAt(at)).getUTCHours()
          const isNight = hour >= 22 || hour < 7
          expect(end !== undefined, new Date(at).toISOString()).toBe(isNight)
          if (at < last) expect(end).toBe(last)
          last = end ?? 0
        }
      }
    },
  )
})

describe('ACC-25 zones and spans as settings say them', () => {
  test('ACC-25 a name that is no zone opens none', () => {
    for (const name of ['', 'Berlin', 'Europe/Nowhere', '../etc', 'x'.repeat(500)]) {
      expect(openTimeZone(name)).toBeUndefined()
    }
    expect(openTimeZone('Europe/Berlin')?.name).toBe('Europe/Berlin')
  })

  test('ACC-25 a time of the wall clock is one moment, two, or the moment of the change', () => {
    const berlin = zone('Europe/Berlin')
    const at = (text: string): number => Date.parse(`${text}Z`)
    const once = at('2026-11-23T11:00')
    expect(momentsOf(at('2026-11-23T12:00'), berlin)).toEqual({ first: once, last: once })
    expect(momentsOf(at('2026-10-25T02:30'), berlin)).toEqual({
      first: at('2026-10-25T00:30'),
      last: at('2026-10-25T01:30'),
    })
    const change = at('2026-03-29T01:00')
    expect(momentsOf(at('2026-03-29T02:30'), berlin)).toEqual({ first: change, last: change })
  })

  test.each([
    '22:00',
    '24:00-07:00',
    '22:60-07:00',
    '2:00-07:00',
    ' 22:00-07:00',
    '22:00-07:00x',
    '',
  ])('ACC-25 "%s" is no span', (text) => expect(parseQuietSpan(text)).toBeUndefined())
})
