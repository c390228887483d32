import { describe, expect, test } from 'vitest'
import { link, stage, WAIT, yes } from './linking-stage.ts'
import { createWorld } from './world.ts'

describe('LNK-10 a device that was put out', () => {
  test('unlinked, suspended, and broken off behind the add: by its own code', async () => {
    await using at = await stage()
    const { hub } = at.world
    const cut = new AbortController()
    at.laptop.addEventListener(
      'device:linked',
      () => hub.partition([[at.laptop.device], [at.phone.device]]),
      { signal: cut.signal },
    )
    await link(at, 'link')
    cut.abort()
    hub.heal()
    expect(at.phone.account).toBeUndefined()

    await at.laptop.devices.suspend(at.phone.device)
    const { code } = await at.phone.linking.offer()
    const again = (): Promise<unknown> => at.laptop.devices.link(code, { confirm: yes })
    await expect(again()).rejects.toMatchObject({
      code: 'ERR_LINK_SUSPENDED',
      hint: expect.stringContaining('Readmit'),
    })
    await at.laptop.devices.unlink(at.phone.device)
    await expect(again()).rejects.toMatchObject({ code: 'ERR_LINK_REVOKED' })
    expect(at.phone.account).toBeUndefined()
  })
})

describe('A6 a code counts only where a person asked to link', () => {
  test('in a message, as a page, as an invite: nothing happens', async () => {
    await using world = await createWorld({ ada: ['laptop'], ben: ['tablet'] })
    const [laptop, ben] = [world.device('ada', 'laptop'), world.device('ben', 'tablet')]
    await world.acquaint(laptop, ben)
    const phone = await world.newDevice('phone')
    const shown = [
      (await phone.linking.offer({ confirm: yes })).code,
      (await ben.devices.offer({ confirm: yes })).code,
    ]
    const received: string[] = []
    laptop.addEventListener('message:received', ({ detail }) => received.push(detail.text))
    const account = laptop.account
    if (!account) throw new Error('no account')
    for (const code of shown) await ben.messages.send(account, { text: code })
    await expect.poll(() => received, WAIT).toEqual(shown)

    for (const code of shown) {
      for (const text of [`https://kithmesh.example/L#${code}`, `#${code}`, `kith link ${code}`]) {
        await expect(laptop.devices.link(text, { confirm: yes })).rejects.toMatchObject({
          code: 'ERR_CODE_MALFORMED',
        })
        await expect(phone.linking.join(text, { confirm: yes })).rejects.toMatchObject({
          code: 'ERR_CODE_MALFORMED',
        })
      }
      await expect(laptop.contacts.add(code)).rejects.toMatchObject({ code: 'ERR_CODE_KIND' })
    }
    expect(phone.account).toBeUndefined()
    expect(await laptop.devices.list()).toHaveLength(1)
    expect(await ben.devices.list()).toHaveLength(1)
  })
})
