/** What devices of a contact answer is theirs to choose: here they say whatever a test likes. */

import { createMemoryHub, createMemoryNet, type MemoryHub } from '@kithmesh/net'
import {
  type DeviceId,
  deviceIdFromPublicKey,
  directChatId,
  publicKeyOfDevice,
} from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { createTime, type Time } from '../../../../test/scenarios/time.ts'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import type { PeerEvents } from '../greeting/peers.ts'
import { REPAIR } from '../protocols.ts'
import { askForGaps } from './gap-asking.ts'
import type { AuthorAnswer, GapsEvents } from './gaps.ts'
import { type AnsweredNumbers, repairAnswerCodec, repairQuestionCodec } from './repair-wire.ts'

const ADA = accountNamed('a')
const BEN = accountNamed('b')
const CHAT = directChatId(ADA, BEN)
const [PHONE, TABLET, LAPTOP] = [deviceNamed('p'), deviceNamed('t'), deviceNamed('l')]
const HOLE = [{ from: 5, to: 8 }] as const
const NOTHING = { coming: [], past: [], absent: [] } as const

interface Asker {
  readonly time: Time
  readonly answers: (readonly AuthorAnswer[])[]
  /** Which devices were asked, in order. */
  readonly asked: DeviceId[]
  readonly open: () => void
  readonly meet: (device: DeviceId) => void
  /** A device of Ben's comes that was away. */
  readonly come: (device: DeviceId, words: Partial<AnsweredNumbers>) => void
}

/** A device that misses four messages of Ben's phone; `words`: what each of Ben's devices that is here answers. */
async function asker(
  words: Partial<Record<DeviceId, Partial<AnsweredNumbers> | 'nothing'>>,
  devices: readonly DeviceId[] = [PHONE, TABLET],
): Promise<Asker> {
  const time = createTime()
  const hub = createMemoryHub(time)
  const { signer } = await openContext()
  const net = createMemoryNet(hub, { identity: signer })
  const context = await openContext({
    ...time,
    net,
    device: deviceIdFromPublicKey(signer.publicKey),
  })
  const events = createEvents<GapsEvents>()
  const peerEvents = createEvents<PeerEvents>()
  const answers: (readonly AuthorAnswer[])[] = []
  const asked: DeviceId[] = []
  const say = new Map(devices.map((device) => [device, words[device]]))
  const here = new Set<DeviceId>()
  const come = (device: DeviceId): void => {
    here.add(device)
    answering(hub, device, say.get(device), asked)
  }
  for (const device of devices) if (words[device]) come(device)
  const author = { chat: CHAT, account: BEN, device: PHONE }
  askForGaps(context, {
    gaps: {
      events,
      of: async () => [],
      openOf: async () => [{ author, open: HOLE }],
      answered: async (_, given) => void answers.push(given),
      recheck: async () => undefined,
    },
    logs: { devicesOf: () => devices },
    peers: { events: peerEvents, accountOf: (device) => (here.has(device) ? BEN : undefined) },
    isContact: () => true,
    isHeld: () => false,
  })
  return {
    time,
    answers,
    asked,
    open: () => events.emit('numbers:open', { contact: BEN }),
    meet: (device) => peerEvents.emit('peer:known', { device, account: BEN }),
    come: (device, said) => {
      say.set(device, said)
      come(device)
      peerEvents.emit('peer:known', { device, account: BEN })
    },
  }
}

function answering(
  hub: MemoryHub,
  device: DeviceId,
  words: Partial<AnsweredNumbers> | 'nothing' | undefined,
  asked: DeviceId[],
): void {
  const net = createMemoryNet(hub, { identity: { publicKey: publicKeyOfDevice(device) } })
  net.handle(REPAIR, async (stream) => {
    for await (const frame of stream.incoming) {
      repairQuestionCodec.decode(frame)
      asked.push(device)
      if (words === 'nothing') throw new Error('a version that does not know the question')
      const author = { device: PHONE, ...NOTHING, ...words }
      await stream.send(repairAnswerCodec.encode({ authors: [author] }))
    }
  })
}

/** The next answers that the gaps are told of. */
async function told({ time, answers }: Asker, count = 1): Promise<AuthorAnswer | undefined> {
  await expect
    .poll(() => {
      time.leap(1_000)
      return answers.length
    })
    .toBeGreaterThanOrEqual(count)
  return answers[count - 1]?.[0]
}

test('DEL-61 the author is asked first, a sibling only for what the author does not have', async () => {
  const one = await asker({
    [TABLET]: { coming: [...HOLE] },
    [PHONE]: { coming: [{ from: 5, to: 6 }], absent: [{ from: 7, to: 8 }] },
  })
  one.open()
  expect(await told(one)).toMatchObject({ coming: HOLE, gone: [] })
  expect(one.asked.slice(0, 2)).toEqual([PHONE, TABLET])
})

test('DEL-63 what the author lacks is final when nobody connected has it; of others all have to say so', async () => {
  const byAuthor = await asker({ [PHONE]: { absent: [...HOLE] } })
  byAuthor.open()
  expect(await told(byAuthor)).toMatchObject({ gone: HOLE })
  const bySibling = await asker({ [TABLET]: { absent: [...HOLE] } })
  bySibling.open()
  expect(await told(bySibling)).toMatchObject({ gone: [] })
  const byAll = await asker({ [TABLET]: { absent: [...HOLE] }, [LAPTOP]: { absent: [...HOLE] } }, [
    TABLET,
    LAPTOP,
  ])
  byAll.open()
  expect(await told(byAll)).toMatchObject({ gone: HOLE })
})

test('DEL-63 what a connected device did not say that it lacks is not final: it may have no room now', async () => {
  const silent = await asker({ [PHONE]: { absent: [...HOLE] }, [TABLET]: 'nothing' })
  silent.open()
  expect(await told(silent)).toMatchObject({ gone: [] })
  const full = await asker({
    [PHONE]: { absent: [...HOLE] },
    [TABLET]: { absent: [{ from: 5, to: 6 }] },
  })
  full.open()
  expect(await told(full)).toMatchObject({ gone: [{ from: 5, to: 6 }] })
})

test('DEL-61 an answer decides nothing of what was not asked', async () => {
  const wide = [{ from: 1, to: Number.MAX_SAFE_INTEGER }]
  const one = await asker({ [PHONE]: { past: wide } })
  one.open()
  expect(await told(one)).toMatchObject({ past: HOLE, coming: [], gone: [] })
})

test('DEL-61 who answers nothing, or says what never comes, is not asked in a circle, and is asked again', async () => {
  const one = await asker({ [PHONE]: 'nothing', [TABLET]: { coming: [...HOLE] } })
  for (let time = 0; time < 50; time++) {
    one.open()
    one.meet(TABLET)
  }
  await told(one, 1)
  const before = one.asked.length
  expect(before).toBeLessThanOrEqual(4)
  // What was said to be coming did not come.
  await told(one, 3)
  expect(one.asked.filter((device) => device === TABLET).length).toBeGreaterThanOrEqual(3)
})

test('DEL-61 nothing is asked of a device that is not here; when one comes it is asked', async () => {
  const one = await asker({})
  one.open()
  for (let second = 0; second < 10; second++) one.time.leap(1_000)
  await new Promise(setImmediate)
  expect([one.asked, one.answers]).toEqual([[], []])
  one.come(TABLET, { coming: [...HOLE] })
  expect(await told(one)).toMatchObject({ coming: HOLE })
})
