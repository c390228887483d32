import { type AccountId, createNode, type Device, type KithNode } from '@kithmesh/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDevice, openRelay } from './stage.browser.ts'

const WAIT = { timeout: 20_000, interval: 50 } as const

describe('a page and the short ways', () => {
  test('NET-20 NET-35 to a device in its network it comes from the relay to a WebSocket', async () => {
    const relay = await openRelay({ webrtc: true })
    const phone = await openDevice('phone', { relay, lan: true })
    const page = await openPage(relay.over('/webrtc-direct/'))
    const { code } = await page.linking.offer()
    expect(await phone.ask('link', code)).toEqual(['Chrome on Linux', 'browser', 'near'])

    await expect.poll(() => others(page), WAIT).toMatchObject([{ name: 'phone', path: 'lan' }])
    await expect
      .poll(async () => (await phone.ask('devices')).filter((one) => !one.this), WAIT)
      .toMatchObject([{ kind: 'browser', path: 'lan' }])
  })

  test('NET-70 NET-71 to a device that only a relay joins it with it is spliced', async () => {
    const relay = await openRelay()
    const phone = await openDevice('phone', { relay })
    const page = await openPage(relay.over('/ws/'))
    const { code } = await page.linking.offer()
    expect(await phone.ask('link', code)).toEqual(['Chrome on Linux', 'browser', 'far'])
    await expect.poll(() => others(page), WAIT).toMatchObject([{ name: 'phone', path: 'relayed' }])
    await expect.poll(() => relay.splices(), WAIT).toBeGreaterThan(0)
  })

  test('NET-30 NET-35 with another page it comes to WebRTC, and then they need no relay', async () => {
    const relay = await openRelay()
    const ada = await openPage(relay.over('/ws/'), { newDevice: false })
    const laptop = await openPage(relay.over('/ws/'))
    const ben = await openPage(relay.over('/ws/'), { newDevice: false })
    const distances: string[] = []
    await ada.devices.link((await laptop.linking.offer()).code, {
      far: true,
      confirm: async ({ distance }) => distances.push(distance) > 0,
    })
    expect(distances).toEqual(['far'])
    await ben.contacts.add((await ada.contacts.invite()).code)
    await expect.poll(() => others(ada), WAIT).toMatchObject([{ path: 'direct' }])
    await expect.poll(() => others(laptop), WAIT).toMatchObject([{ path: 'direct' }])

    const { message } = await ada.messages.send(accountOf(ben), { text: 'hi' })
    await expect.poll(() => ben.messages.get(message), WAIT).toMatchObject({ text: 'hi' })
    await expect.poll(() => laptop.messages.get(message), WAIT).toMatchObject({ text: 'hi' })
    await relay.close()
    await laptop.starred.add(message)
    await expect.poll(() => ada.messages.get(message), WAIT).toMatchObject({ starred: true })
  })
})

async function openPage(
  relays: readonly string[],
  { newDevice = true }: { readonly newDevice?: boolean } = {},
): Promise<KithNode> {
  const page = await createNode({ home: `page-${crypto.randomUUID()}`, relays, newDevice })
  onTestFinished(() => page.stop())
  return page
}

async function others(page: KithNode): Promise<readonly Device[]> {
  return (await page.devices.list()).filter((one) => !one.this)
}

function accountOf({ account }: KithNode): AccountId {
  if (account === undefined) throw new Error('not linked yet')
  return account
}
