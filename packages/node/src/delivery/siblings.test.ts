import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decoded } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createTime, type Time } from '../../../../test/scenarios/time.ts'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { MESSAGE } from '../protocols.ts'
import { toRecipientCodec } from './message-wire.ts'

const WAIT = { timeout: 15_000, interval: 10 } as const

interface Stage {
  readonly devices: Devices
  readonly time: Time
  /** Ada's devices, and Ben's. */
  readonly phone: KithNode
  readonly laptop: KithNode
  readonly tablet: KithNode
  readonly ben: KithNode
  /** Names of who sent an envelope, one for each. */
  readonly senders: string[]
  texts(): Promise<readonly string[]>
}

/** Ada's three devices know Ben's, and all are together. */
async function stage(onEnvelope: (from: string) => void = () => undefined): Promise<Stage> {
  const senders: string[] = []
  const devices = createDevices(({ from, protocol, bytes }) => {
    if (protocol !== MESSAGE.id || decoded(toRecipientCodec, bytes)?.kind !== 'envelope') return
    senders.push(from)
    onEnvelope(from)
  })
  const time = createTime()
  const { clock, scheduler } = time
  const start = (name: string, newDevice = false): Promise<KithNode> =>
    devices.start(name, { clock, scheduler, newDevice })
  const [phone, ben] = [await start('phone'), await start('ben')]
  await devices.acquaint(phone, ben)
  const linked: KithNode[] = []
  for (const name of ['laptop', 'tablet']) {
    const node = await start(name, true)
    const offer = await node.linking.offer()
    await phone.devices.link(offer.code, { confirm: async () => true })
    linked.push(node)
  }
  const [laptop, tablet] = linked
  if (!laptop || !tablet) throw new Error('two were linked')
  for (const node of linked) {
    await expect.poll(async () => (await node.contacts.list())[0]?.devices, WAIT).toBe(1)
  }
  await expect.poll(async () => (await ben.contacts.list())[0]?.devices, WAIT).toBe(3)
  const texts = async (): Promise<readonly string[]> =>
    (await ben.messages.list(accountOf(phone))).map(({ text }) => text)
  return { devices, time, phone, laptop, tablet, ben, senders, texts }
}

test('DEL-27 when two siblings meet a recipient together, one of them sends', async () => {
  const { devices, time, phone, laptop, tablet, ben, senders, texts } = await stage()
  const alone = [[phone.device], [ben.device]]
  devices.hub.partition([[laptop.device, tablet.device], ...alone])
  await phone.messages.send(accountOf(ben), { text: 'one' })
  devices.hub.partition([[phone.device, laptop.device, tablet.device], [ben.device]])
  for (const node of [laptop, tablet]) {
    await expect.poll(async () => (await node.status()).pending, WAIT).toBe(1)
  }
  devices.hub.partition([[laptop.device, tablet.device, ben.device], [phone.device]])
  await expect
    .poll(() => {
      time.leap(200)
      return texts()
    }, WAIT)
    .toEqual(['one'])
  for (const node of [laptop, tablet]) {
    await expect.poll(async () => (await node.status()).pending, WAIT).toBe(0)
  }
  time.leap(20_000)
  await expect.poll(async () => (await ben.status()).pending, WAIT).toBe(0)
  expect(senders).toHaveLength(1)
})

test('DEL-27 DEL-28 what the author sends itself no sibling sends again', async () => {
  const { time, phone, laptop, tablet, ben, senders, texts } = await stage()
  for (const text of ['one', 'two', 'three']) await phone.messages.send(accountOf(ben), { text })
  await expect.poll(texts, WAIT).toEqual(['one', 'two', 'three'])
  for (const node of [phone, laptop, tablet]) {
    await expect.poll(async () => (await node.status()).pending, WAIT).toBe(0)
  }
  time.leap(20_000)
  await laptop.status()
  expect(senders).toEqual(['phone', 'phone', 'phone'])
})

test('DEL-28 DEL-11 when author and sibling send at once it is there once, and nothing waits afterwards', async () => {
  let isCut = true
  const { devices, time, phone, laptop, tablet, ben, texts } = await stage((from) => {
    // Its envelope is lost on the way: the author holds it sealed, and comes back with it.
    if (isCut && from === 'phone') throw new Error('lost')
  })
  await phone.messages.send(accountOf(ben), { text: 'one' })
  const shown: string[] = []
  ben.addEventListener('message:received', ({ detail }) => void shown.push(detail.text))
  await expect
    .poll(() => {
      time.leap(500)
      return texts()
    }, WAIT)
    .toEqual(['one'])
  isCut = false
  await phone.messages.send(accountOf(ben), { text: 'two' })
  await expect
    .poll(() => {
      time.leap(500)
      return texts()
    }, WAIT)
    .toEqual(['one', 'two'])
  for (const node of [phone, laptop, tablet]) {
    await expect.poll(async () => (await node.status()).pending, WAIT).toBe(0)
  }
  expect(shown).toEqual(['one', 'two'])
  devices.hub.partition([[phone.device], [laptop.device, tablet.device, ben.device]])
})

test('DEL-24 DEL-26 E2 a sibling that restarts in between hands over what it had, once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kith-siblings-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const devices = createDevices()
  const [phone, ben] = [await devices.start('phone'), await devices.start('ben')]
  await devices.acquaint(phone, ben)
  let laptop = await devices.start('laptop', { newDevice: true, home: join(folder, 'laptop') })
  const offer = await laptop.linking.offer()
  await phone.devices.link(offer.code, { confirm: async () => true })
  await expect.poll(async () => (await laptop.contacts.list())[0]?.devices, WAIT).toBe(1)
  await expect.poll(async () => (await ben.contacts.list())[0]?.devices, WAIT).toBe(2)
  devices.hub.partition([[phone.device, laptop.device], [ben.device]])
  for (const text of ['one', 'two', 'three']) await phone.messages.send(accountOf(ben), { text })
  await expect.poll(async () => (await laptop.status()).pending, WAIT).toBe(3)
  await phone.stop()
  await laptop.stop()
  laptop = await devices.start('laptop', { home: join(folder, 'laptop') })
  expect((await laptop.status()).pending).toBe(3)
  const shown: string[] = []
  ben.addEventListener('message:received', ({ detail }) => void shown.push(detail.text))
  devices.hub.heal()
  await expect.poll(() => shown, WAIT).toEqual(['one', 'two', 'three'])
  await expect.poll(async () => (await laptop.status()).pending, WAIT).toBe(0)
  await laptop.stop()
  laptop = await devices.start('laptop', { home: join(folder, 'laptop') })
  expect((await laptop.status()).pending).toBe(0)
})
