import { expect, test } from 'vitest'
import type { Seen } from './programs.ts'
import { createStage, type Home, WAIT } from './stage.ts'

const STORY_MS = 90_000
const LOCAL = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-lan'] as const

/** The bar: devices come back by themselves within this time. */
const BACK_MS = 10_000

/** A status in which a device is reached that way. */
function withPath(name: string, path: string): object {
  return { devices: expect.arrayContaining([expect.objectContaining({ name, path })]) }
}

test(
  'DEL-4 D4 a relay that is down when devices start, and one that restarts: everyone is back within 10 s',
  async () => {
    await using stage = await createStage()
    const relay = await stage.relay()
    await relay.program.kill('SIGKILL')
    const flags = [...LOCAL, '--relay', relay.address]
    const phone = await stage.home('phone', 'ready', flags)
    const status = await phone.ask('status', 'status')
    expect(status['relays']).toMatchObject([{ address: relay.address }])
    expect(JSON.stringify(status['relays'])).not.toContain('"ready"')

    await relay.up()
    const back = { ...WAIT, timeout: BACK_MS }
    const statusOf = (home: Home): Promise<Seen> => home.ask('status', 'status')
    await expect.poll(() => statusOf(phone), back).toMatchObject({ relays: [{ state: 'ready' }] })

    const [laptop, ben] = await Promise.all([
      stage.home('laptop', 'link-code', flags),
      stage.home('tablet', 'ready', flags),
    ])
    await stage.link(phone, laptop)
    await stage.acquaint(phone, ben, { inviter: 'Ada', adder: 'Ben' })
    await expect.poll(() => statusOf(phone), WAIT).toMatchObject(withPath('laptop', 'relayed'))

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await relay.program.kill(signal)
      await expect.poll(() => statusOf(phone), WAIT).toMatchObject(withPath('laptop', 'away'))
      await ben.ask('sent', 'send', 'Ada', `while the relay is off (${signal})`)
      await relay.up()
      await expect.poll(() => statusOf(phone), back).toMatchObject(withPath('laptop', 'relayed'))
      for (const home of [phone, laptop]) {
        await expect
          .poll(() => home.texts('Ben'), back)
          .toContain(`while the relay is off (${signal})`)
      }
    }
  },
  STORY_MS,
)

test(
  'NODE-6 CLI-10 a second kith up on one home: exit 7, and the first goes on undisturbed',
  async () => {
    await using stage = await createStage()
    const phone = await stage.home('phone', 'ready', LOCAL)
    const second = await phone.kith('up', ...LOCAL)
    expect(second).toMatchObject({ code: 7, events: [{ event: 'error', code: 'ERR_HOME_IN_USE' }] })
    await phone.ask('invite', 'contacts', 'invite')
    expect((await phone.kith('stop')).code).toBe(0)
    expect(await phone.program.ended).toBe(0)
    await phone.up()
  },
  STORY_MS,
)
