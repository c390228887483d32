import type { KithNode, LinkOfferOptions } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { expectNothingChanged, stage, WAIT, yes } from './linking-stage.ts'

describe('nearby', () => {
  /** The names of devices as they come. */
  function looking(node: KithNode): { readonly names: readonly string[]; end(): void } {
    const names: string[] = []
    const over = new AbortController()
    void (async () => {
      for await (const { name } of node.devices.nearby({ signal: over.signal })) names.push(name)
    })()
    return { names, end: () => over.abort() }
  }

  test('DEV-41 a device is seen while it offers itself, and no longer', async () => {
    await using at = await stage()
    const look = looking(at.laptop)
    const offer = await at.phone.linking.offer({ confirm: yes })
    await expect.poll(() => look.names, WAIT).toEqual(['phone'])
    await offer.close()
    await expect(at.laptop.devices.linkNearby(at.phone.device, { confirm: yes })).rejects.toThrow()
    await at.phone.linking.offer({ confirm: yes })
    await expect.poll(() => look.names, WAIT).toEqual(['phone', 'phone'])
    look.end()
    await expectNothingChanged(at)
  })

  test('A10 DEV-41 forged announcements cost few dials, and hide nobody for long', async () => {
    await using at = await stage()
    const forged = Array.from({ length: 30 }, () => at.world.stranger())
    for (const net of forged) net.announceWaiting(true)
    const dialled = (): number => forged.filter((net) => net.connected().length > 0).length
    const look = looking(at.laptop)
    await at.phone.linking.offer({ confirm: yes })
    await expect.poll(dialled, WAIT).toBe(16)
    expect(look.names).toEqual([])
    await expect
      .poll(() => {
        at.world.time.leap(2_000)
        return look.names
      }, WAIT)
      .toEqual(['phone'])
    look.end()
    await Promise.all(forged.map((net) => net.stop()))
  })

  test('LNK-19 without a person to ask there it is neither seen nor linked', async () => {
    await using at = await stage()
    const other = await at.world.newDevice('tablet')
    const look = looking(at.laptop)
    await at.phone.linking.offer()
    await other.linking.offer({ confirm: yes })
    await expect.poll(() => look.names, WAIT).toEqual(['tablet'])
    await expect(at.laptop.devices.linkNearby(at.phone.device, { confirm: yes })).rejects.toThrow()
    look.end()
    await expectNothingChanged(at)
  })

  test('DEV-41 over a relay nobody is near, whatever is allowed', async () => {
    await using at = await stage()
    at.world.hub.setPath(at.laptop.device, at.phone.device, 'relayed')
    await at.phone.linking.offer({ confirm: yes })
    const linking = at.laptop.devices.linkNearby(at.phone.device, { confirm: yes, far: true })
    await expect(linking).rejects.toThrow()
    await expectNothingChanged(at)
  })

  test('DEV-14 a stranger nearby who holds the screen gives way to who has the code', async () => {
    await using at = await stage()
    const ben = await at.world.start('ben', 'tablet')
    const asked: string[] = []
    const fresh: LinkOfferOptions['confirm'] = async ({ device }, { signal }) => {
      asked.push(device)
      if (device === at.laptop.device) return true
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(false)))
    }
    const { code } = await at.phone.linking.offer({ confirm: fresh })
    const held = ben.devices.linkNearby(at.phone.device, { confirm: yes }).catch(() => 'ended')
    await expect.poll(() => asked, WAIT).toEqual([ben.device])
    await at.laptop.devices.link(code, { confirm: yes })
    expect(await held).toBe('ended')
    expect(at.phone.account).toBe(at.laptop.account)
  })

  test('DEV-41 whoever comes over a relay is not even told what the device is', async () => {
    await using at = await stage()
    const stranger = at.world.stranger()
    await at.phone.linking.offer({ confirm: yes })
    const ask = async (): Promise<boolean | undefined> => {
      const nearby = { id: '/kith/nearby/1', maxFrameBytes: 2 ** 20, maxStreamsPerPeer: 8 }
      const stream = await stranger.open(at.phone.device, nearby)
      return (await stream.incoming[Symbol.asyncIterator]().next()).done
    }
    expect(await ask()).toBe(false)
    at.world.hub.setPath(stranger.peer, at.phone.device, 'relayed')
    await expect(ask()).rejects.toThrow()
    await stranger.stop()
  })

  test('LNK-19 strangers get five attempts in a minute, and no more', async () => {
    await using at = await stage()
    const ben = await at.world.start('ben', 'tablet')
    await at.phone.linking.offer({ confirm: async () => 'differ' })
    const attempt = (): Promise<string | undefined> =>
      ben.devices.linkNearby(at.phone.device, { confirm: yes }).then(
        () => undefined,
        ({ code }: { readonly code: string }) => code,
      )
    const codes: (string | undefined)[] = []
    for (let count = 0; count < 7; count++) {
      await expect
        .poll(async () => {
          const code = await attempt()
          return code === 'ERR_LINK_BUSY' ? undefined : codes.push(code)
        }, WAIT)
        .toBe(count + 1)
    }
    expect(codes).toEqual([
      ...new Array(5).fill('ERR_LINK_DIGITS'),
      'ERR_LINK_ATTEMPTS',
      'ERR_LINK_ATTEMPTS',
    ])
    await expectNothingChanged(at)
  })
})
