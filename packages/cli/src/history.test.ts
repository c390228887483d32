import { describe, expect, test } from 'vitest'
import { PHONE } from '../test/fake-device.ts'
import { createWorld } from '../test/world.ts'

const CODE = 'WEB+KITH:L/AAAA'

describe('CLI-90 kith history', () => {
  test('CLI-90 says how much is here; without --digest nothing is read for it', async () => {
    const { json, device } = await createWorld()
    device.history = { received: 30, total: 120, percent: 25, done: false, since: 0 }
    const { code, events } = await json(['history'])
    expect(code).toBe(0)
    expect(events()).toEqual([
      {
        event: 'history',
        received: 30,
        total: 120,
        percent: 25,
        done: false,
        since: '1970-01-01T00:00:00.000Z',
        waitsUntil: null,
        digest: null,
        contents: null,
      },
    ])
  })

  test('CLI-90 --digest tells what two devices compare, --since of a part', async () => {
    const { json } = await createWorld()
    const whole = await json(['history', '--digest'])
    expect(whole.events()).toMatchObject([{ digest: 'ab'.repeat(32), contents: 7, done: true }])
    const part = await json(['history', '--digest', '--since', '2026-11-22T15:00:00.000Z'])
    expect(part.events()).toMatchObject([{ digest: 'cd'.repeat(32) }])
    expect((await json(['history', '--since', '2026-11-22T15:00:00.000Z'])).code).toBe(2)
    expect((await json(['history', '--digest', '--since', 'soon'])).code).toBe(2)
  })

  test('CLI-90 a person reads it in words', async () => {
    const { human, device } = await createWorld()
    device.history = { received: 30, total: 120, percent: 25, done: false, waitsUntil: 0 }
    const { out } = await human(['history'])
    expect(out()).toContain('30 of 120 records, 25 %')
    expect(out()).toContain('kith devices approve')
  })
})

describe('CLI-91 how far back', () => {
  test.each([
    [[], 'all'],
    [['--history', 'all'], 'all'],
    [['--history', 'none'], 'none'],
    [['--history', '30'], { days: 30 }],
  ] as const)('CLI-91 kith link %j gives %j', async (flags, history) => {
    const { json, device } = await createWorld()
    expect((await json(['link', CODE, '--yes', ...flags])).code).toBe(0)
    expect(device.asked.history).toEqual(history)
  })

  test.each([['0'], ['36501'], ['1.5'], ['some']])(
    'CLI-91 --history %s is wrong usage',
    async (days) => {
      const { json } = await createWorld()
      expect((await json(['link', CODE, '--yes', '--history', days])).code).toBe(2)
      expect((await json(['devices', 'history', 'phone', days])).code).toBe(2)
    },
  )

  test.each([
    ['all', 'all'],
    ['none', 'none'],
    ['7', { days: 7 }],
  ] as const)('CLI-91 devices history phone %s', async (given, choice) => {
    const { json, device } = await createWorld()
    const { code, events } = await json(['devices', 'history', 'phone', given])
    expect(code).toBe(0)
    expect(events()).toMatchObject([{ event: 'device', device: PHONE }])
    expect(device.allowed).toEqual([[PHONE, choice]])
  })
})

test('CLI-92 up tells of messages of before as they come, a person not of each step', async () => {
  const { device, up } = await createWorld()
  const progress = (received: number, done = false): void => {
    const detail = { received, total: 100, percent: received, done }
    device.events.dispatchEvent(new CustomEvent('history:progress', { detail }))
  }
  for (const received of [10, 30, 40, 60]) progress(received)
  progress(100, true)
  const told = up.events().slice(-5)
  expect(told).toMatchObject(
    [10, 30, 40, 60, 100].map((percent) => ({ event: 'history', percent, done: percent === 100 })),
  )
})
