import type { AccountId, KithNode } from '@kithmesh/node'
import { expect, test } from 'vitest'
import { createWorld, type Ground } from './world.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const
/** Words that stand nowhere else. */
const CANARIES = ['zqcanarytextzq', 'zqcanarynamezq', 'zqcanarydevicezq'] as const
const [TEXT, NAME, DEVICE] = CANARIES
/** Whole ids of accounts and devices; a beginning that tells them apart is no harm. */
const WHOLE_IDS = /12D3KooW[1-9A-HJ-NP-Za-km-z]{44}|\b[acem][a-z2-7]{26,52}\b/

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

test.each<Ground>(['memory', 'relay'])(
  'E5 NODE-8 over %s no log line holds a text, a name, a code or a whole id',
  async (ground) => {
    await using world = await createWorld({ ada: [DEVICE, 'laptop'], ben: ['tablet'] }, ground)
    const [phone, laptop] = [world.device('ada', DEVICE), world.device('ada', 'laptop')]
    const tablet = world.device('ben', 'tablet')
    const invite = await phone.contacts.invite()
    await tablet.contacts.add(invite.code, { name: NAME })
    const [ada, ben] = [accountOf(phone), accountOf(tablet)]
    const { message } = await tablet.messages.send(ada, { text: TEXT })
    for (const device of [phone, laptop]) {
      await expect.poll(() => device.messages.get(message), WAIT).toBeDefined()
    }
    await laptop.starred.add(message)

    // What goes wrong is logged the most: refusals, broken streams, peers that are away.
    await expect(laptop.contacts.add(invite.code)).rejects.toThrow()
    const fresh = await world.newDevice('fresh')
    const offer = await fresh.linking.offer()
    const confirm = async (): Promise<boolean> => false
    await expect(phone.devices.link(offer.code, { confirm, far: true })).rejects.toThrow()
    await world.stop(tablet)
    await phone.messages.send(ben, { text: `${TEXT} again` })
    const back = await world.start('ben', 'tablet')
    await expect.poll(async () => (await back.messages.list(ada)).length, WAIT).toBe(2)

    expect(world.logLines.length).toBeGreaterThan(3)
    // Lines begin with the name the test gave the device; the rest is the device's own.
    const lines = world.logLines.map((line) => line.slice(line.indexOf(' ')))
    for (const word of [...CANARIES, invite.code, offer.code]) {
      expect(lines.filter((line) => line.includes(word))).toEqual([])
    }
    expect(lines.filter((line) => WHOLE_IDS.test(line))).toEqual([])
  },
)
