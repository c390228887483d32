/** What a device that is out still gets, down to the frames and to its own disk (A8). */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contentCodec, parseDeviceId } from '@kithmesh/protocol'
import { epochKeysCodec } from '@kithmesh/sync'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountOf, createDevices, type Devices, type SeenFrame } from '../../test/devices.ts'
import { EPOCHS } from '../account/account.ts'
import type { KithNode } from '../api/node.ts'
import { helloCodec } from '../greeting/hello-wire.ts'
import { HELLO } from '../protocols.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const

interface Stage {
  readonly devices: Devices
  readonly frames: SeenFrame[]
  readonly phone: KithNode
  readonly laptop: KithNode
  readonly desk: KithNode
  readonly ben: KithNode
  readonly homes: { readonly laptop: string; readonly phone: string }
}

/** Ada's phone, laptop and desk, and her contact Ben; every frame is seen. */
async function stage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-removed-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const homes = { laptop: join(folder, 'laptop'), phone: join(folder, 'phone') }
  const frames: SeenFrame[] = []
  const devices = createDevices((frame) => void frames.push(frame))
  const phone = await devices.start('phone', { home: homes.phone })
  const laptop = await devices.start('laptop', { home: homes.laptop, newDevice: true })
  const desk = await devices.start('desk', { newDevice: true })
  for (const fresh of [laptop, desk]) {
    const { code } = await fresh.linking.offer()
    await phone.devices.link(code, { confirm: async () => true })
  }
  const ben = await devices.start('ben')
  await devices.acquaint(phone, ben)
  await expect.poll(() => devicesAt(ben, phone), WAIT).toBe(3)
  await expect
    .poll(
      () =>
        textsAt(laptop, ben).then(
          () => 'knows Ben',
          () => '',
        ),
      WAIT,
    )
    .toBe('knows Ben')
  return { devices, frames, phone, laptop, desk, ben, homes }
}

async function devicesAt(node: KithNode, other: KithNode): Promise<number | undefined> {
  const contacts = await node.contacts.list()
  return contacts.find(({ contact }) => contact === accountOf(other))?.devices
}

async function textsAt(node: KithNode, other: KithNode): Promise<readonly string[]> {
  return (await node.messages.list(accountOf(other))).map(({ text }) => text)
}

/** What a device has on its disk: texts of contents, numbers of records by author, epochs. */
async function diskOf(home: string): Promise<{
  readonly texts: readonly string[]
  readonly records: ReadonlyMap<string, number>
  readonly epochs: readonly { readonly number: number; readonly key: Uint8Array }[]
  readonly recordEpochs: ReadonlySet<string>
}> {
  const context = await openContext({ home })
  const { tables } = context
  const texts: string[] = []
  for await (const [, bytes] of tables.contents.entries()) {
    const { body } = contentCodec.decode(bytes)
    if (body.kind === 'text') texts.push(body.text)
  }
  const records = new Map<string, number>()
  const recordEpochs = new Set<string>()
  for await (const [[device], { epoch }] of tables.records.entries()) {
    records.set(device, (records.get(device) ?? 0) + 1)
    recordEpochs.add(epoch)
  }
  const epochs = epochKeysCodec.decode((await tables.device.get(EPOCHS)) ?? new Uint8Array())
  await context.store.close()
  return { texts, records, epochs, recordEpochs }
}

for (const how of ['unlink', 'suspend'] as const) {
  test(`A8 OUT-6 OUT-7 after ${how} in a partition a device is told that it is out, and gets nothing else`, async () => {
    const { devices, frames, phone, laptop, desk, ben, homes } = await stage()
    devices.hub.partition([[laptop.device], [phone.device, desk.device, ben.device]])
    await phone.devices[how](laptop.device)
    await expect.poll(() => devicesAt(ben, phone), WAIT).toBe(2)
    await ben.messages.send(accountOf(phone), { text: 'canary of Ben' })
    await phone.messages.send(accountOf(ben), { text: 'canary of the phone' })
    await expect.poll(() => textsAt(desk, ben), WAIT).toHaveLength(2)
    await laptop.messages.send(accountOf(ben), { text: 'canary of the laptop' })
    frames.length = 0

    devices.hub.heal()

    const reason = how === 'unlink' ? 'unlinked' : 'suspended'
    await expect.poll(async () => (await laptop.status()).left?.reason, WAIT).toBe(reason)
    const since = frames.length
    await desk.messages.send(accountOf(ben), { text: 'canary of the desk' })
    await expect.poll(() => textsAt(ben, phone), WAIT).toHaveLength(3)
    // Nor does it say anything but hello from then on, over whatever connection it has.
    const fromLaptop = frames.slice(since).filter(({ from }) => from === 'laptop')
    expect(fromLaptop.filter(({ protocol }) => protocol !== HELLO.id)).toEqual([])
    const toLaptop = frames.filter(({ to }) => parseDeviceId(to) === laptop.device)
    expect([...new Set(toLaptop.map(({ protocol }) => protocol))]).toEqual([HELLO.id])
    const kinds = toLaptop.map(({ bytes }) => helloCodec.decode(bytes).kind)
    expect(new Set(kinds)).toEqual(new Set(['unknown', 'out']))

    await laptop.stop()
    await phone.stop()
    const [its, theirs] = [await diskOf(homes.laptop), await diskOf(homes.phone)]
    expect(its.texts).toEqual(['canary of the laptop'])
    expect(theirs.texts.toSorted()).toEqual([
      'canary of Ben',
      'canary of the desk',
      'canary of the phone',
    ])
    // Both began with one epoch; of the one that the removal made the laptop has no key.
    expect(its.epochs.map(({ number }) => number)).toEqual([1])
    expect(theirs.epochs.length).toBeGreaterThan(1)
    expect(await textsAt(ben, phone)).not.toContain('canary of the laptop')
  })
}
