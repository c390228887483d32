import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryHub, createMemoryNet, type MemoryHub, type Net } from '@kithmesh/net'
import { expect, onTestFinished, test } from 'vitest'
import { accountOf, createDevices } from '../test/devices.ts'
import type { KithNode } from './api/node.ts'
import type { NodeOptions } from './api/options.ts'
import { openNode } from './create-node.ts'
import { createNode } from './index.ts'
import { nodePlatform } from './platform.node.ts'
import type { Platform } from './platform.ts'
import type { Backend } from './store/backend.ts'

async function freshHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'kith-node-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  return home
}

interface Place {
  readonly hub: MemoryHub
  start(options?: Partial<NodeOptions>): Promise<KithNode>
}

/** One home, and the hub its device is in whenever it runs. */
async function place(): Promise<Place> {
  const home = await freshHome()
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  return {
    hub,
    start: async (options = {}) => {
      const network: NodeOptions['network'] = async (identity) => createMemoryNet(hub, { identity })
      const node = await createNode({ home, network, ...options })
      onTestFinished(() => node.stop())
      return node
    },
  }
}

test('NODE-3 the first start makes an account with this device in it; later ones open it', async () => {
  const { start } = await place()
  const first = await start({ name: 'laptop' })
  const [account, device] = [accountOf(first), first.device]
  expect(await first.devices.list()).toMatchObject([{ device, name: 'laptop', this: true }])
  await first.stop()
  const again = await start()
  expect([again.account, again.device, again.name]).toEqual([account, device, 'laptop'])
})

test('NODE-3 NODE-5 a new device makes no account, and says so to whoever asks for one', async () => {
  const { start } = await place()
  const fresh = await start({ newDevice: true })
  expect(fresh.account).toBeUndefined()
  for (const call of [
    () => fresh.status(),
    () => fresh.contacts.list(),
    () => fresh.devices.list(),
    () => fresh.starred.list(),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'ERR_NO_ACCOUNT' })
  }
  await fresh.stop()
  // Without being told so again it becomes the first device of an account.
  expect((await start()).account).toBeDefined()
})

test('NODE-4 name and relays are kept; a later start may rename, and its relays come on top', async () => {
  const relay = (number: number): string => `/ip4/192.0.2.${number}/tcp/4002`
  const { start } = await place()
  const startWith = async (options: Partial<NodeOptions>): Promise<KithNode> => {
    const node = await start(options)
    await node.stop()
    return node
  }
  await startWith({ name: 'laptop', relays: [relay(1)] })
  expect((await startWith({ relays: [relay(2)] })).name).toBe('laptop')
  expect((await startWith({ name: 'desk' })).name).toBe('desk')
  await expect(
    start({ relays: Array.from({ length: 9 }, (_, at) => relay(at + 10)) }),
  ).rejects.toMatchObject({ code: 'ERR_RELAYS' })
  await expect(start({ name: ' ' })).rejects.toMatchObject({ code: 'ERR_NAME' })
  expect((await startWith({})).name).toBe('desk')
})

test('NODE-6 stopping twice is stopping once; then the home is free, and the device answers nothing', async () => {
  const { start } = await place()
  const node = await start()
  await expect(start()).rejects.toMatchObject({ code: 'ERR_HOME_IN_USE' })
  await Promise.all([node.stop(), node.stop()])
  await node.stop()
  for (const call of [
    () => node.contacts.invite(),
    () => node.status(),
    () => node.devices.list(),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'ERR_STOPPED' })
  }
  await (await start()).stop()
})

test('NODE-1 NODE-6 what was under way when the device stopped is written or refused, never half promised', async () => {
  const { start } = await place()
  const node = await start({ name: 'laptop' })
  const inviting = node.contacts.invite()
  const renaming = node.devices.rename(node.device, 'desk').then(
    () => 'desk',
    () => 'laptop',
  )
  await Promise.all([node.stop(), expect(inviting).rejects.toMatchObject({ code: 'ERR_STOPPED' })])
  expect(await (await start()).devices.list()).toMatchObject([{ name: await renaming }])
})

test('NODE-6 a start that fails leaves neither a net running nor the home taken', async () => {
  const { hub, start } = await place()
  let net: Net | undefined
  const broken: NodeOptions['network'] = async (identity) => {
    const made = createMemoryNet(hub, { identity })
    made.keep = () => {
      throw new Error('broken on purpose')
    }
    net = made
    return made
  }
  await expect(start({ network: broken })).rejects.toThrow('broken on purpose')
  expect(net?.connected()).toEqual([])
  // The hub takes an identity once: the net of the failed start is out of it.
  await start()
})

test('NODE-6 an edit that finds the disk full is told when all has ended: network, store, keys and home', async () => {
  const home = await freshHome()
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  let isFull = false
  let isDropped = false
  const platform: Platform = {
    ...nodePlatform,
    openBackend: async (at, care) => {
      const backend = await nodePlatform.openBackend(at, care)
      const noSpace = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      const write: Backend['write'] = (batch) =>
        isFull ? Promise.reject(noSpace) : backend.write(batch)
      return { ...backend, write }
    },
    openKeys: async (at, options) => {
      const keys = await nodePlatform.openKeys(at, options)
      const drop = (): void => {
        isDropped = true
        keys.drop()
      }
      return { ...keys, drop }
    },
  }
  let net: Net | undefined
  const node = await openNode(
    {
      home,
      network: async (identity) => {
        net = createMemoryNet(hub, { identity })
        return net
      },
    },
    { platform, net: { createNet: () => Promise.reject(new Error('not asked')) } },
  )
  isFull = true
  await expect(node.devices.rename(node.device, 'desk')).rejects.toMatchObject({
    code: 'ERR_STORE_WRITE',
  })
  const stopping = node.stop()
  await expect(stopping).rejects.toMatchObject({ code: 'ERR_STORE_WRITE' })
  expect(node.stop()).toBe(stopping)
  expect(isDropped).toBe(true)
  isFull = false
  // The home is free, and the hub, which takes an identity once, has let go of the net.
  const again = await createNode({
    home,
    network: async (identity) => createMemoryNet(hub, { identity }),
  })
  expect(again.device).toBe(node.device)
  await again.stop()
})

test('NODE-6 stopping in the midst of traffic ends it cleanly: no rejection is left unhandled', async () => {
  const devices = createDevices()
  const [ada, ben] = [await devices.start('ada'), await devices.start('ben')]
  await devices.acquaint(ada, ben)
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  const sends = Array.from({ length: 30 }, (_, at) => [
    ada.messages.send(accountOf(ben), { text: `to Ben ${at}` }),
    ben.messages.send(accountOf(ada), { text: `to Ada ${at}` }),
  ]).flat()
  const outcomes = Promise.allSettled(sends)
  await Promise.race(sends)
  await Promise.all([ada.stop(), ben.stop()])
  for (const outcome of await outcomes) {
    if (outcome.status === 'rejected') {
      expect(outcome.reason).toMatchObject({ code: expect.stringMatching(/^ERR_STO/) })
    }
  }
  await new Promise(setImmediate)
  expect(unhandled).toEqual([])
})

test('NODE-7 a change made here and the same change made on a sibling come as the same event', async () => {
  const devices = createDevices()
  const [phone, ben] = [await devices.start('phone'), await devices.start('ben')]
  const laptop = await devices.start('laptop', { newDevice: true })
  const offer = await laptop.linking.offer()
  await phone.devices.link(offer.code, { confirm: async () => true })
  await devices.acquaint(phone, ben)
  await expect.poll(() => laptop.contacts.list()).toHaveLength(1)
  const { message } = await phone.messages.send(accountOf(ben), { text: 'hello' })
  await expect.poll(() => laptop.messages.get(message)).toBeDefined()

  const seen = [phone, laptop].map((node) => {
    const events: unknown[] = []
    node.addEventListener('contact:changed', ({ detail }) => void events.push(detail.name))
    node.addEventListener('starred:changed', ({ detail }) => void events.push(detail))
    return events
  })
  await phone.contacts.rename(accountOf(ben), 'Benjamin')
  await phone.starred.add(message)
  const expected = ['Benjamin', { message, starred: true }]
  for (const events of seen) await expect.poll(() => events).toEqual(expected)
})
