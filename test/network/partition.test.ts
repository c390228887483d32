import { expect, test } from 'vitest'
import { createStage, type Home, WAIT } from '../processes/stage.ts'
import { createNetwork, missing, type NetworkHost } from './namespaces.ts'
import { flagsOn } from './people.ts'

const STORY_MS = 120_000
/** A silent line is noticed by its heartbeat, and found again by the next announcement. */
const HEALED = { timeout: 60_000, interval: 250 } as const

test.skipIf(missing !== '')(
  `ACC-1 D5 two halves of an account are edited at once and meet again: the same on both${missing}`,
  async () => {
    await using network = await createNetwork()
    await using stage = await createStage()
    const lines = [await network.host(), await network.host(), await network.host()] as const
    const [phone, ben, laptop] = await Promise.all([
      stage.home('phone', 'ready', flagsOn(lines[0]), lines[0].namespace),
      stage.home('tablet', 'ready', flagsOn(lines[1]), lines[1].namespace),
      stage.home('laptop', 'link-code', flagsOn(lines[2]), lines[2].namespace),
    ])
    await stage.link(phone, laptop)
    await stage.acquaint(phone, ben, { inviter: 'Ada', adder: 'Ben' })
    const first = String((await phone.ask('sent', 'send', 'Ben', 'before'))['message'])
    await expect.poll(() => laptop.texts('Ben'), WAIT).toEqual(['before'])

    await split(lines)
    await expect.poll(() => pathTo('laptop', phone), HEALED).toBe('away')
    // Both of each pair are edits of one thing: neither half knows of the other's.
    await phone.ask('contact', 'contacts', 'rename', 'Ben', 'Benjamin')
    await laptop.ask('contact', 'contacts', 'rename', 'Ben', 'Benny')
    await phone.ask('message', 'star', first)
    await laptop.ask('message', 'star', first)
    await laptop.ask('message', 'unstar', first)
    await phone.ask('device', 'devices', 'rename', 'phone', 'old phone')
    await laptop.ask('device', 'devices', 'rename', 'phone', 'red phone')
    await phone.ask('sent', 'send', 'Benjamin', 'from one half')
    await laptop.ask('sent', 'send', 'Benny', 'from the other half')
    expect(await accountData(phone)).not.toEqual(await accountData(laptop))

    for (const line of lines) await line.lose(0)
    const halves = ['from one half', 'from the other half']
    for (const device of [phone, laptop]) {
      const { contact } = await onlyContact(device)
      await expect
        .poll(async () => (await device.texts(contact)).toSorted(), HEALED)
        .toEqual(['before', ...halves])
    }
    await expect.poll(() => ben.texts('Ada'), HEALED).toEqual(expect.arrayContaining(halves))
    await expect
      .poll(async () => [await accountData(phone), await accountData(laptop)], HEALED)
      .toSatisfy(([one, other]) => JSON.stringify(one) === JSON.stringify(other))
    const { name } = await onlyContact(phone)
    expect(['Benjamin', 'Benny']).toContain(name)
    // A star that one half set and the other took away: the edit that was not undone stays.
    expect((await accountData(phone)).starred).toEqual([first])
  },
  STORY_MS,
)

/** The phone is alone; the laptop and Ben's tablet still hear each other. */
async function split([phone]: readonly [NetworkHost, ...NetworkHost[]]): Promise<void> {
  await phone.lose(100)
}

async function pathTo(name: string, from: Home): Promise<unknown> {
  const { events } = await from.kith('status')
  const [status] = JSON.parse(JSON.stringify(events))
  return status.devices.find((device: { name: string }) => device.name === name)?.path
}

/** What both halves have to agree on in the end. */
interface AccountData {
  readonly contact: unknown
  readonly devices: readonly unknown[]
  readonly starred: readonly string[]
}

async function accountData(home: Home): Promise<AccountData> {
  const { events: devices } = await home.kith('devices')
  const { events: starred } = await home.kith('starred')
  return {
    contact: await onlyContact(home),
    devices: devices.map(({ device, name }) => ({ device, name })),
    starred: starred.map(({ message }) => String(message)),
  }
}

async function onlyContact(home: Home): Promise<{ readonly contact: string; name: unknown }> {
  const { events } = await home.kith('contacts')
  const found = events.find(({ event }) => event === 'contact')
  return { contact: String(found?.['contact']), name: found?.['name'] }
}
