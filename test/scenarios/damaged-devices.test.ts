import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type Cast,
  cast,
  damageOf,
  expectHealed,
  live,
  textsOf,
  WAIT,
} from '../../packages/node/test/damaged-device.ts'
import { loseEntries } from '../../packages/node/test/rotting.ts'
import { frameCodec } from '../../packages/sync/src/exchange/frames.ts'
import { askingForSnapshots, createLiars, honest, type Lie } from './liars.ts'
import { createTime } from './time.ts'

const MINUTE = 60_000
/** Some seconds on a machine that is not busy: three devices are linked and write first. */
const STORY = { timeout: 120_000 } as const

test('STO-56 E2 records that only a lost snapshot held are asked for again', STORY, async () => {
  const { devices, lies } = createLiars()
  const who = await cast(devices)
  // More records than are kept behind a snapshot (ALOG-8).
  for (let at = 0; at < 80; at++) await who.phone.contacts.rename(who.ben, `Ben ${at}`)
  await live(who)
  await who.stopLaptop()
  // The laptop is asked for a snapshot, and stopped before anybody hears of it.
  let isWritten = false
  lies.set('phone', askingForSnapshots)
  lies.set('laptop', (frame) => {
    isWritten ||= frame.kind === 'held' || frame.kind === 'live'
    return isWritten ? [] : honest(frame)
  })
  await who.startLaptop()
  await expect.poll(() => isWritten, WAIT).toBe(true)
  await who.stopLaptop()
  lies.clear()
  expect(await loseEntries(who.home, ['records'])).toBeLessThan(100)
  await who.startLaptop()
  await expectHealed(who)
})

/** Ada's third device, which goes on as all do until a test says what it says instead. */
async function withThird(lies: Map<string, Lie>, who: Cast): Promise<string> {
  const tv = await who.devices.start('tv', { newDevice: true })
  const { code } = await tv.linking.offer()
  await who.phone.devices.link(code, { confirm: async () => true, far: false })
  await live(who)
  const all = await textsOf(who.phone, who.ben)
  await expect.poll(() => textsOf(tv, who.ben).catch(String), WAIT).toEqual(all)
  onTestFinished(() => lies.clear())
  return tv.device
}

/** Whether a stored key is one of the lane of account data: names of lanes stand in keys as they are (STO-23). */
function isData(key: Uint8Array): boolean {
  return Buffer.from(key).includes('data\0')
}

/** How an own device may fail one that heals: by a fault, or because it is in the hands of somebody else. */
const LIES: Readonly<Record<string, Lie>> = {
  'answers with garbage': () => [Uint8Array.of(0xff, 0x00, 0x17)],
  'says that it has nothing': (frame) =>
    frame.kind === 'holds' ? honest({ ...frame, lanes: [] }) : honest(frame),
  'never answers what is asked': (frame) => (frame.kind === 'records' ? [] : honest(frame)),
  'says of all that it has it no more': (frame) =>
    frame.kind === 'records'
      ? honest({ kind: 'records', id: frame.id, records: [], last: true, absent: frame.absent })
      : honest(frame),
  'answers without end': (frame) =>
    frame.kind === 'records'
      ? Array.from({ length: 500 }, () => frameCodec.encode({ ...frame, last: false }))
      : honest(frame),
}

describe('E2 A5 a sibling that lies keeps nobody from becoming whole', () => {
  for (const [how, lie] of Object.entries(LIES)) {
    test(
      `STO-57 E2 one ${how}: the damaged device keeps what it has, and another sibling heals it`,
      STORY,
      async () => {
        const { devices, lies } = createLiars()
        const time = createTime()
        const who = await cast(devices, time)
        const tv = await withThird(lies, who)
        await who.stopLaptop()
        // Every other message and what told of it: what it keeps and what it lacks are from the same places.
        await loseEntries(
          who.home,
          ['records', 'contents'],
          (at, key) => at % 2 === 0 && !isData(key),
        )
        let lied = 0
        lies.set('tv', (frame) => {
          lied += 1
          return lie(frame)
        })
        devices.hub.partition([
          [who.laptop().device, tv],
          [who.phone.device, who.tablet.device],
        ])
        const laptop = await who.startLaptop()
        await expect.poll(() => lied, WAIT).toBeGreaterThan(0)
        const kept = await textsOf(laptop, who.ben)
        expect(kept.length).toBeGreaterThan(0)
        expect(await damageOf(laptop)).not.toEqual([])
        devices.hub.heal()
        // Whoever owes an answer for too long is asked no more (ALOG-13).
        const leaping = setInterval(() => time.leap(MINUTE), 1_000)
        onTestFinished(() => clearInterval(leaping))
        await expectHealed(who)
        expect(await textsOf(laptop, who.ben)).toEqual(expect.arrayContaining([...kept]))
      },
    )
  }
})
