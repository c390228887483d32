import { deviceLogCodec, parseDeviceId } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { accountOf, createDevices, type Devices } from '../../test/devices.ts'
import { accountNamed } from '../../test/people.ts'
import type { KithNode } from '../api/node.ts'
import { HELLO } from '../protocols.ts'
import { type Hello, type HelloFrame, helloCodec } from './hello-wire.ts'

/** Ada and her contact Ben. */
async function friends(): Promise<{
  readonly devices: Devices
  readonly ada: KithNode
  readonly ben: KithNode
}> {
  const devices = createDevices()
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  return { devices, ada, ben }
}

/** The device log of an account, as one of its contacts can have it. */
async function logOf(devices: Devices, node: KithNode): Promise<Uint8Array> {
  const eve = await devices.start('eve')
  await devices.acquaint(node, eve)
  await eve.stop()
  const stream = await devices.impersonate(eve).open(node.device, HELLO)
  await stream.send(helloCodec.encode({ kind: 'unknown' }))
  for await (const bytes of stream.incoming) {
    const frame = helloCodec.decode(bytes)
    if (frame.kind === 'log') return frame.entries
  }
  throw new Error('the log was not shown')
}

/** What Ada answers to somebody she does not know who says `frames`. */
async function answersTo(
  { devices, ada }: { readonly devices: Devices; readonly ada: KithNode },
  frames: readonly HelloFrame[],
): Promise<readonly string[]> {
  const stream = await devices.stranger().open(ada.device, HELLO)
  for (const frame of frames) await stream.send(helloCodec.encode(frame))
  await stream.close()
  const kinds: string[] = []
  try {
    for await (const bytes of stream.incoming) kinds.push(helloCodec.decode(bytes).kind)
  } catch {
    kinds.push('reset')
  }
  return kinds
}

function claim(account: KithNode['account']): Hello {
  if (!account) throw new Error('whose?')
  return {
    kind: 'hello',
    account,
    logs: [],
    card: new Uint8Array(),
    cards: [],
    places: [],
    epochs: [],
  }
}

test('DEV-3 A1 who claims to be of an account, but is not in its log, hears nothing', async () => {
  const stage = await friends()
  const { ada, ben } = stage
  const done: HelloFrame = { kind: 'done' }
  expect(await answersTo(stage, [claim(accountNamed('s')), done])).toEqual(['unknown'])
  for (const claimed of [ada, ben]) {
    expect(await answersTo(stage, [claim(claimed.account), done])).toEqual(['unknown'])
  }
})

test('DEV-3 A1 neither does who shows the true log of the account it claims', async () => {
  const stage = await friends()
  const entries = await logOf(stage.devices, stage.ben)
  expect(deviceLogCodec.decode(entries)).toHaveLength(1)
  const claimed = accountOf(stage.ben)
  const frames: readonly HelloFrame[] = [
    claim(claimed),
    { kind: 'log', account: claimed, entries },
    { kind: 'done' },
  ]
  expect(await answersTo(stage, frames)).toEqual(['unknown'])
})

test('DEV-4 B3 a known device that speaks for another account than its own is not heard', async () => {
  const { devices, ada, ben } = await friends()
  const eve = await devices.start('eve')
  await devices.acquaint(ada, eve)
  await eve.stop()
  const stream = await devices.impersonate(eve).open(ada.device, HELLO)
  await stream.send(helloCodec.encode(claim(ben.account)))
  await stream.send(helloCodec.encode({ kind: 'done' }))
  const kinds: string[] = []
  for await (const bytes of stream.incoming) kinds.push(helloCodec.decode(bytes).kind)
  // She is known, so she is greeted as herself; as Ben she gets nothing.
  expect(kinds).toEqual(['hello'])
})

test('DEV-7 A10 a contact cannot say where our own devices are', async () => {
  const devices = createDevices()
  const [phone, ben] = [await devices.start('phone'), await devices.start('ben')]
  const laptop = await devices.start('laptop', { newDevice: true })
  const offer = await laptop.linking.offer()
  await phone.devices.link(offer.code, { confirm: async () => true })
  await devices.acquaint(phone, ben)
  await Promise.all([ben.stop(), laptop.stop()])

  const stream = await devices.impersonate(ben).open(phone.device, HELLO)
  const places = [ben, laptop].map(({ device }) => ({
    device: parseDeviceId(device),
    addresses: ['/ip4/192.0.2.66/tcp/666'],
  }))
  await stream.send(helloCodec.encode({ ...claim(ben.account), places }))
  await stream.send(helloCodec.encode({ kind: 'done' }))
  await stream.close()
  for await (const _ of stream.incoming);
  const told = (node: KithNode): readonly string[] =>
    devices.told.filter(({ peer }) => peer === node.device).flatMap(({ addresses }) => addresses)
  await expect.poll(() => told(ben)).toContain('/ip4/192.0.2.66/tcp/666')
  expect(told(laptop)).not.toContain('/ip4/192.0.2.66/tcp/666')
})

test('OUT-7 A8 a device that is out hears nothing before it shows a log of the account with itself in it', async () => {
  const devices = createDevices()
  const phone = await devices.start('phone')
  const laptop = await devices.start('laptop', { newDevice: true })
  const { code } = await laptop.linking.offer()
  await phone.devices.link(code, { confirm: async () => true })
  const ben = await devices.start('ben')
  await devices.acquaint(phone, ben)
  const entries = await logOf(devices, phone)
  await laptop.stop()
  await phone.devices.suspend(laptop.device)

  const account = accountOf(phone)
  const shown: HelloFrame = { kind: 'log', account, entries }
  const genesis = deviceLogCodec.encode(deviceLogCodec.decode(entries).slice(0, 1))
  const done: HelloFrame = { kind: 'done' }
  const says = async (
    to: KithNode,
    ...frames: readonly HelloFrame[]
  ): Promise<readonly string[]> => {
    const net = devices.impersonate(laptop)
    const stream = await net.open(to.device, HELLO)
    for (const frame of [claim(account), ...frames, done]) {
      await stream.send(helloCodec.encode(frame))
    }
    await stream.close()
    const kinds: string[] = []
    for await (const bytes of stream.incoming) kinds.push(helloCodec.decode(bytes).kind)
    await net.stop()
    return kinds
  }
  await expect.poll(async () => (await ben.contacts.list())[0]?.devices).toBe(1)
  // The phone is of its account, Ben is a contact: both say the same.
  for (const to of [phone, ben]) {
    expect(await says(to)).toEqual(['unknown'])
    expect(await says(to, { ...shown, entries: genesis })).toEqual(['unknown'])
    expect(await says(to, shown)).toEqual(['unknown', 'out'])
  }
})
