import { expect, test } from 'vitest'
import { createStage, WAIT } from './stage.ts'

const STORY_MS = 120_000
const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-lan'] as const

test(
  'A8 OUT-7 a device that was unlinked over real sockets sees nothing of what is written behind it',
  async () => {
    await using stage = await createStage()
    const relay = await stage.relay()
    const flags = [...LOCAL, '--relay', relay.address]
    const [phone, laptop, tablet] = await Promise.all([
      stage.home('phone', 'ready', flags),
      stage.home('laptop', 'link-code', flags),
      stage.home('tablet', 'ready', flags),
    ])
    await stage.link(phone, laptop)
    await stage.acquaint(phone, tablet, { inviter: 'Ada', adder: 'Ben' })
    await phone.ask('sent', 'send', 'Ben', 'before', '--wait', 'all')
    await expect.poll(() => laptop.texts('Ben').catch(() => []), WAIT).toEqual(['before'])

    await phone.ask('device', 'devices', 'unlink', 'laptop', '--yes')
    await phone.ask('sent', 'send', 'Ben', 'behind it', '--wait', 'all')
    await tablet.ask('sent', 'send', 'Ada', 'nor this', '--wait', 'all')

    const left = await laptop.program.event('account-left')
    expect(left).toMatchObject({ reason: 'unlinked' })
    const refused = await laptop.kith('send', 'Ben', 'from outside')
    expect([refused.code, refused.events[0]?.['code']]).toEqual([5, 'ERR_DEVICE_OUT'])
    await expect.poll(() => phone.texts('Ben'), WAIT).toEqual(['before', 'behind it', 'nor this'])
    expect(await tablet.texts('Ada')).toEqual(['before', 'behind it', 'nor this'])
    expect(await laptop.ask('status', 'status')).toMatchObject({ left: { reason: 'unlinked' } })
    const contact = await tablet.ask('contact', 'contacts')
    expect(contact).toMatchObject({ name: 'Ada', devices: 1 })
  },
  STORY_MS,
)
