import type { Net } from '@kithmesh/net'
import type { DeviceId } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { nodePlatform } from '../platform.node.ts'
import { REPAIR } from '../protocols.ts'
import { type RepairAnswer, repairAnswerCodec, repairQuestionCodec } from './repair-wire.ts'

const WORDS = ['one', 'two', 'three'] as const
const ALL = [{ from: 1, to: Number.MAX_SAFE_INTEGER }]

/** Ada has written to Ben, whose device is stopped now: the test speaks in its name. */
async function written({
  back = 0,
}: {
  /** How far Ada's clock goes back before she writes, ms. */
  readonly back?: number
} = {}): Promise<{ devices: Devices; ada: KithNode; ben: KithNode; bens: Net }> {
  const devices = createDevices()
  let behind = 0
  const clock = { ...nodePlatform.clock, now: () => nodePlatform.clock.now() - behind }
  const [ada, ben] = [await devices.start('ada', { clock }), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  behind = back
  for (const text of WORDS) await ada.messages.send(accountOf(ben), { text })
  await expect.poll(async () => (await ben.messages.list(accountOf(ada))).length).toBe(3)
  await ben.messages.send(accountOf(ada), { text: 'from Ben' })
  await expect.poll(async () => (await ada.messages.list(accountOf(ben))).length).toBe(4)
  await ben.stop()
  return { devices, ada, ben, bens: devices.impersonate(ben) }
}

/** Asks for numbers of one author; undefined when the stream is reset without an answer. */
async function ask(
  net: Net,
  of: DeviceId,
  { device, numbers = ALL }: { device: DeviceId; numbers?: typeof ALL },
): Promise<RepairAnswer | undefined> {
  try {
    const stream = await net.open(of, REPAIR)
    await stream.send(repairQuestionCodec.encode({ authors: [{ device, numbers }] }))
    for await (const frame of stream.incoming) return repairAnswerCodec.decode(frame)
  } catch {
    // reset
  }
  return undefined
}

test('DEL-62 a question without end is answered by what is here; nothing is walked through', async () => {
  const { ada, bens } = await written()
  const answer = await ask(bens, ada.device, { device: ada.device })
  expect(answer?.authors).toEqual([
    {
      device: ada.device,
      coming: [{ from: 1, to: 3 }],
      past: [],
      absent: [{ from: 4, to: Number.MAX_SAFE_INTEGER }],
    },
  ])
})

test('DEL-67 DEL-62 E4 what a clock that went back has dated before the linking of the asker is no history', async () => {
  const { ada, bens } = await written({ back: 2 * 60 * 60 * 1000 })
  const answer = await ask(bens, ada.device, { device: ada.device })
  expect(answer?.authors).toMatchObject([{ coming: [{ from: 1, to: 3 }], past: [] }])
})

test('DEL-61 DEL-62 what the asking account wrote itself is given by nobody else: who wrote it can deny it', async () => {
  const { ada, ben, bens } = await written()
  const answer = await ask(bens, ada.device, { device: ben.device })
  expect(answer?.authors).toEqual([{ device: ben.device, coming: [], past: [], absent: ALL }])
})

test('DEL-62 B5 DEL-9 a stranger, and who is no contact, gets no answer', async () => {
  const { devices, ada } = await written()
  const eve = await devices.start('eve')
  expect(await ask(devices.stranger(), ada.device, { device: ada.device })).toBeUndefined()
  await eve.stop()
  expect(await ask(devices.impersonate(eve), ada.device, { device: ada.device })).toBeUndefined()
})

test('DEL-62 who asks without end is left without answers', async () => {
  const { ada, bens } = await written()
  let answered = 0
  for (let question = 0; question < 20; question++) {
    if (await ask(bens, ada.device, { device: ada.device, numbers: ALL })) answered += 1
  }
  expect(answered).toBeGreaterThan(0)
  expect(answered).toBeLessThanOrEqual(9)
})

test('DEL-62 D6 a question of thousands of runs is answered as far as a few hundred of them', async () => {
  const { ada, bens } = await written()
  const numbers = Array.from({ length: 256 }, (_, at) => ({ from: 10 + 2 * at, to: 10 + 2 * at }))
  const stream = await bens.open(ada.device, REPAIR)
  const authors = Array.from({ length: 16 }, () => ({ device: ada.device, numbers }))
  await stream.send(repairQuestionCodec.encode({ authors }))
  for await (const frame of stream.incoming) {
    const runs = repairAnswerCodec.decode(frame).authors.flatMap(({ absent }) => absent)
    expect(runs.length).toBeGreaterThan(0)
    expect(runs.length).toBeLessThanOrEqual(256)
    return
  }
  expect.unreachable('no answer')
})
