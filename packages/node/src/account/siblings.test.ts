import { createMemoryHub, createMemoryNet, type Net } from '@kithmesh/net'
import { expect, onTestFinished, test } from 'vitest'
import type { KithNode } from '../api/node.ts'
import { createNode } from '../index.ts'
import { nodePlatform } from '../platform.node.ts'
import { MEMORY_HOME } from '../platform.ts'
import { SYNC } from '../protocols.ts'

/** Two devices of one account, whose exchanges can be told that there is a better way. */
async function siblings(): Promise<{
  readonly phone: KithNode
  readonly laptop: KithNode
  readonly exchanges: () => number
  findBetterWay(): void
}> {
  const hub = createMemoryHub({ clock: nodePlatform.clock })
  let outdated = new AbortController()
  let exchanges = 0
  const watched = (net: Net): Net =>
    new Proxy(net, {
      get: (target, name) => {
        if (name === 'open') {
          return async (...asked: Parameters<Net['open']>) => {
            const stream = await target.open(...asked)
            if (asked[1].id !== SYNC.id) return stream
            exchanges += 1
            return Object.assign(stream, { outdated: outdated.signal })
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const start = async (name: string, newDevice: boolean): Promise<KithNode> => {
    const node = await createNode({
      home: MEMORY_HOME,
      name,
      newDevice,
      network: async (identity) => watched(createMemoryNet(hub, { identity })),
    })
    onTestFinished(() => node.stop())
    return node
  }
  const [phone, laptop] = [await start('phone', false), await start('laptop', true)]
  const { code } = await laptop.linking.offer()
  await phone.devices.link(code, { far: true, confirm: async () => true })
  return {
    phone,
    laptop,
    exchanges: () => exchanges,
    findBetterWay: () => {
      outdated.abort()
      outdated = new AbortController()
    },
  }
}

const namesOn = async (node: KithNode): Promise<readonly string[]> =>
  (await node.labels.list()).map(({ name }) => name)

test('NET-55 ACC-1 an exchange on a worse way begins anew on the better one, and nothing is lost', async () => {
  const { phone, laptop, exchanges, findBetterWay } = await siblings()
  await phone.labels.create('before')
  await expect.poll(() => namesOn(laptop)).toEqual(['before'])
  const before = exchanges()
  // while something is under way, and while nothing is
  const written = phone.labels.create('meanwhile')
  findBetterWay()
  await written
  await expect.poll(() => namesOn(laptop)).toEqual(['before', 'meanwhile'])
  await expect.poll(exchanges).toBe(before + 1)
  findBetterWay()
  await laptop.labels.create('after')
  await expect.poll(() => namesOn(phone)).toEqual(['before', 'meanwhile', 'after'])
  await expect.poll(exchanges).toBe(before + 2)
})
