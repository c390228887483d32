/** That a device is out it is told, whatever else is going on with it at that moment (OUT-7). */

import type { FrameStream, Net } from '@kithmesh/net'
import { type AccountId, parseDeviceId } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import type { KithNode } from '../api/node.ts'
import { type HelloFrame, helloCodec } from '../greeting/hello-wire.ts'
import { HELLO } from '../protocols.ts'

const WAIT = { timeout: 10_000, interval: 10 } as const

interface Stage {
  readonly devices: Devices
  /** Ada's phone and her contact: both know her laptop, and have no connection with it. */
  readonly phone: KithNode
  readonly ben: KithNode
  /** In the place of the laptop: says what the test says. */
  readonly laptop: Net
  /** What the laptop answers to whoever does not know it any more. */
  readonly claim: readonly HelloFrame[]
}

async function stage(): Promise<Stage> {
  const logs = new Map<AccountId, Uint8Array>()
  const devices = createDevices(({ protocol, bytes }) => {
    const frame = protocol === HELLO.id ? helloCodec.decode(bytes) : undefined
    if (frame?.kind === 'log') logs.set(frame.account, frame.entries)
  })
  const [phone, ben] = [await devices.start('phone'), await devices.start('ben')]
  await devices.acquaint(phone, ben)
  const fresh = await devices.start('laptop', { newDevice: true })
  const { code } = await fresh.linking.offer()
  await phone.devices.link(code, { confirm: async () => true })
  await expect.poll(async () => (await ben.contacts.list())[0]?.devices, WAIT).toBe(2)
  await fresh.stop()
  const entries = logs.get(accountOf(phone)) ?? expect.fail('no log was shown')
  const claim = claimOf(accountOf(phone), entries)
  return { devices, phone, ben, laptop: devices.impersonate(fresh), claim }
}

function claimOf(account: AccountId, entries: Uint8Array): readonly HelloFrame[] {
  const about = { logs: [], card: new Uint8Array(), cards: [], places: [], epochs: [] }
  return [{ kind: 'hello', account, ...about }, { kind: 'log', account, entries }, { kind: 'done' }]
}

async function say(stream: FrameStream, frames: readonly HelloFrame[]): Promise<void> {
  for (const frame of frames) await stream.send(helloCodec.encode(frame))
  await stream.close()
}

/** The kinds of what is said to it, one by one. */
async function* heardOver(stream: FrameStream): AsyncGenerator<HelloFrame['kind']> {
  for await (const bytes of stream.incoming) yield helloCodec.decode(bytes).kind
}

test('OUT-7 a device that goes out while a contact greets it is told by that contact', async () => {
  const { phone, ben, laptop, claim } = await stage()
  const heard: string[] = []
  const greeted = Promise.withResolvers<void>()
  laptop.handle(HELLO, async (stream) => {
    for await (const kind of heardOver(stream)) {
      if (stream.peer !== ben.device) continue
      heard.push(kind)
      // It is in, and never answers: until it goes out it is neither greeted nor given up.
      if (kind === 'hello') greeted.resolve()
      if (kind === 'unknown') await say(stream, claim)
    }
  })
  await laptop.open(ben.device, HELLO)
  await greeted.promise
  expect(heard).not.toContain('unknown')

  await phone.devices.unlink(parseDeviceId(laptop.peer))

  await expect.poll(() => heard, WAIT).toContain('out')
  await expect.poll(() => laptop.connected(), WAIT).not.toContain(ben.device)
})

for (const who of ['phone', 'ben'] as const) {
  test(`OUT-7 whose connection breaks while ${who} tells it hears it when it comes back`, async () => {
    const { devices, phone, ben, laptop, claim } = await stage()
    const teller = { phone, ben }[who]
    const greeted = Promise.withResolvers<void>()
    const broken = Promise.withResolvers<void>()
    laptop.handle(HELLO, async (stream) => {
      for await (const kind of heardOver(stream)) {
        if (stream.peer !== teller.device) continue
        if (kind === 'hello') greeted.resolve()
        if (kind === 'unknown') broken.resolve()
      }
    })
    void broken.promise.then(() => devices.hub.partition([[laptop.peer]]))
    await laptop.open(teller.device, HELLO)
    await greeted.promise
    await phone.devices.unlink(parseDeviceId(laptop.peer))
    await broken.promise
    // All that follows from it happens at once: nothing in memory takes time.
    await new Promise((resolve) => setImmediate(resolve))

    devices.hub.heal()

    const stream = await laptop.open(teller.device, HELLO)
    await say(stream, claim)
    const heard: string[] = []
    for await (const kind of heardOver(stream)) {
      heard.push(kind)
      if (kind === 'out') break
    }
    expect(heard).toEqual(['unknown', 'out'])
  })
}
