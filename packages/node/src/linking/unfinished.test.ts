import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createDevices } from '../../test/devices.ts'
import type { Device } from '../api/devices.ts'
import type { LinkOffer, LinkState } from '../api/linking.ts'
import type { KithNode } from '../api/node.ts'
import { LINK } from '../protocols.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const
/** The frames of each side when the existing device dials: hello, share, add, grant; answer, ready, agreed, done. */
const [GRANT, DONE] = [4, 4] as const

/** A phone with a disk and a laptop that is to be linked; the frame `lost` of one of them gets lost. */
async function ground(lost: { readonly from: string; readonly frame: number }) {
  const home = await mkdtemp(join(tmpdir(), 'kith-unfinished-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  let frames = 0
  let isOver = false
  const devices = createDevices(({ from, protocol }) => {
    if (isOver || from !== lost.from || protocol !== LINK.id) return
    frames += 1
    if (frames < lost.frame) return
    isOver = true
    throw new Error('the power is gone')
  })
  const phone = await devices.start('phone', { home })
  const laptop = await devices.start('laptop', { newDevice: true })
  return { phone, laptop, restartPhone: () => restart(phone, home, devices) }
}

async function restart(
  phone: KithNode,
  home: string,
  devices: ReturnType<typeof createDevices>,
): Promise<KithNode> {
  await phone.stop()
  return devices.start('phone', { home })
}

async function link(phone: KithNode, laptop: KithNode): Promise<Device> {
  const { code } = await laptop.linking.offer()
  return phone.devices.link(code, { confirm: async () => true, far: false })
}

/** What the screen of a new device says when its linking breaks off. */
async function failureOf(offer: LinkOffer): Promise<LinkState | undefined> {
  for await (const now of offer.states()) if (now.state === 'failed') return now
  return undefined
}

async function laptopOf(phone: KithNode): Promise<Device | undefined> {
  return (await phone.devices.list()).find((device) => !device.this)
}

test('LNK-22 a linking that broke off behind the add is told on both screens, also after a restart', async () => {
  const { phone, laptop, restartPhone } = await ground({ from: 'phone', frame: GRANT })
  const offer = await laptop.linking.offer()
  const failing = failureOf(offer)
  const linking = phone.devices.link(offer.code, { confirm: async () => true, far: false })
  await expect(linking).rejects.toMatchObject({ code: 'ERR_STREAM_ENDED' })
  expect(await failing).toMatchObject({ code: 'ERR_STREAM_ENDED' })
  expect(laptop.account).toBeUndefined()

  const again = await restartPhone()
  expect(await laptopOf(again)).toMatchObject({
    state: 'active',
    unfinished: true,
    reason: expect.stringContaining('link it again'),
  })
  // What the person is told to do helps (LNK-11).
  await link(again, laptop)
  expect(await laptopOf(again)).not.toHaveProperty('unfinished')
  expect((await laptopOf(again))?.state).toBe('active')
})

test('LNK-22 a device whose last word was lost comes by itself, and nobody is told any more', async () => {
  const { phone, laptop, restartPhone } = await ground({ from: 'laptop', frame: DONE })
  await expect(link(phone, laptop)).rejects.toThrow()
  await expect.poll(() => laptop.account).toBe(phone.account)
  const again = await restartPhone()
  await expect.poll(async () => (await laptopOf(again))?.unfinished, WAIT).toBeUndefined()
  await expect.poll(async () => (await laptopOf(again))?.path, WAIT).not.toBe('away')
})

test('LNK-22 while a device is being linked, and once it is, nothing is said of it', async () => {
  const { phone, laptop } = await ground({ from: 'nobody', frame: 0 })
  const told: unknown[] = []
  phone.addEventListener('device:linked', ({ detail }) => void told.push(detail.unfinished))
  phone.addEventListener('device:changed', ({ detail }) => void told.push(detail.unfinished))
  await link(phone, laptop)
  expect(await laptopOf(phone)).not.toHaveProperty('unfinished')
  expect(told.length).toBeGreaterThan(0)
  expect(told.every((unfinished) => unfinished === undefined)).toBe(true)
})
