import type { Device, KithNode } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { leaping, link, WAIT } from './linking-stage.ts'
import { createWorld, type World } from './world.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('HIS-6 a second device lets a far one have the history', () => {
  async function farPhone(): Promise<{
    readonly world: World
    readonly laptop: KithNode
    readonly desk: KithNode
    readonly phone: KithNode
    /** What the desk was told when the phone was linked. */
    readonly told: readonly Device[]
    texts(): Promise<readonly string[]>
  }> {
    const world = await createWorld({ ada: ['laptop', 'desk'], ben: ['tablet'] })
    const [laptop, desk] = [world.device('ada', 'laptop'), world.device('ada', 'desk')]
    const ben = world.device('ben', 'tablet')
    await world.acquaint(laptop, ben)
    const toBen = ben.account
    if (!toBen) throw new Error('no account')
    await laptop.messages.send(toBen, { text: 'old' })
    const textsOf = async (node: KithNode): Promise<readonly string[]> =>
      (await node.messages.list(toBen)).map(({ text }) => text)
    await expect.poll(() => textsOf(desk), WAIT).toEqual(['old'])
    world.time.leap(1_000)
    const phone = await world.newDevice('phone')
    world.hub.setPath(laptop.device, phone.device, 'relayed')
    const told: Device[] = []
    desk.addEventListener('device:linked', ({ detail }) => void told.push(detail))
    const at = { world, laptop, phone, [Symbol.asyncDispose]: async () => undefined }
    await leaping(at, link(at, 'link', { options: { far: true } }))
    await laptop.messages.send(toBen, { text: 'new' })
    await expect.poll(() => textsOf(phone), WAIT).toEqual(['new'])
    return { world, laptop, desk, phone, told, texts: () => textsOf(phone) }
  }

  test('A6 at once, from every sibling; neither by itself nor by the one that linked it', async () => {
    const { world, laptop, desk, phone, told, texts } = await farPhone()
    await using _ = world
    expect(told).toMatchObject([
      { device: phone.device, linkedBy: laptop.device, historyAt: expect.any(Number) },
    ])
    const seen = (await desk.devices.list()).find(({ device }) => device === phone.device)
    expect(seen).toMatchObject({ linkedBy: laptop.device })
    expect(seen?.historyAt).toBeGreaterThan(world.time.clock.now())
    for (const node of [laptop, phone]) {
      await expect(node.devices.approveHistory(phone.device)).rejects.toMatchObject({
        code: 'ERR_DEVICE_RIGHT',
      })
    }
    expect(await texts()).toEqual(['new'])
    const changed: string[] = []
    laptop.addEventListener('device:changed', ({ detail }) => {
      if (detail.device === phone.device && detail.historyAt === undefined) changed.push('open')
    })

    const approved = await desk.devices.approveHistory(phone.device)

    expect(approved.historyAt).toBeUndefined()
    await expect.poll(texts, WAIT).toEqual(['old', 'new'])
    await expect.poll(() => changed.length, WAIT).toBeGreaterThan(0)
    await desk.devices.approveHistory(phone.device)
  })

  test('not by a device that the far one linked, nor by one that waits itself', async () => {
    const { world, laptop, phone, texts } = await farPhone()
    await using _ = world
    const tablet = await world.newDevice('tablet')
    await world.link(phone, tablet)
    await expect
      .poll(async () => (await tablet.devices.list()).length, WAIT)
      .toBe((await phone.devices.list()).length)
    await expect(tablet.devices.approveHistory(phone.device)).rejects.toMatchObject({
      code: 'ERR_DEVICE_RIGHT',
    })
    // What the far one links waits as long as it does.
    const [waiting] = (await laptop.devices.list()).filter(({ name }) => name === 'tablet')
    expect(waiting?.historyAt).toBeGreaterThan(world.time.clock.now())
    expect(await texts()).toEqual(['new'])
    world.time.leap(DAY_MS + 1_000)
    await expect.poll(texts, WAIT).toEqual(['old', 'new'])
  })

  test('after a restart of the sibling that serves it, too', async () => {
    const { world, laptop, desk, phone, texts } = await farPhone()
    await using _ = world
    world.hub.partition([[phone.device]])
    await desk.devices.approveHistory(phone.device)
    await expect
      .poll(async () => {
        const own = await laptop.devices.list()
        return own.find(({ device }) => device === phone.device)?.historyAt
      }, WAIT)
      .toBeUndefined()
    await world.stop(desk)
    await world.restart(laptop)
    world.hub.heal()
    await expect.poll(texts, WAIT).toEqual(['old', 'new'])
  })
})
