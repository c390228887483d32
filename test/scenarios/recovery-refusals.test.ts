import type { KithNode } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { addressOf, restore, textsOf, theContact, WAIT, wordsOf } from './recovery-stage.ts'
import { createWorld } from './world.ts'

describe('refusals', () => {
  test('REC-28: each reason is its own, and nothing is written', async () => {
    await using world = await createWorld({ ada: ['phone'], ben: ['tablet'], eve: ['evil'] })
    const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
    const eve = world.device('eve', 'evil')
    await world.acquaint(phone, ben, 'Ada')
    const words = await wordsOf(phone)
    const fresh = await world.newDevice('fresh')
    const confirm = async (): Promise<boolean> => true
    const attempt = (typed: string, from: string, extra = {}): Promise<unknown> =>
      fresh.recovery.restore(typed, { from: [from], confirm, ...extra })

    await expect(attempt('not twelve words', addressOf(ben))).rejects.toMatchObject({
      code: 'ERR_WORDS',
    })
    await expect(attempt(words, addressOf(eve))).rejects.toMatchObject({
      code: 'ERR_RECOVERY_UNKNOWN',
    })
    const others = await wordsOf(eve)
    await expect(attempt(others, addressOf(ben))).rejects.toMatchObject({
      code: 'ERR_RECOVERY_UNKNOWN',
    })
    const nowhere = addressOf(world.device('eve', 'evil'))
    await world.stop(eve)
    await expect(attempt(words, nowhere)).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' })
    await expect(attempt(words, '/ip4/192.0.2.1/tcp/1')).rejects.toMatchObject({
      code: 'ERR_ADDRESS',
    })
    await expect(fresh.recovery.restore(words, { from: [], confirm })).rejects.toMatchObject({
      code: 'ERR_RECOVERY_SOURCE',
    })
    await expect(
      attempt(words, addressOf(ben), { keep: ['no such device'] }),
    ).rejects.toMatchObject({ code: 'ERR_RECOVERY_KEEP' })
    await expect(
      attempt(words, addressOf(ben), { confirm: async () => false }),
    ).rejects.toMatchObject({ code: 'ERR_RECOVERY_DECLINED' })

    expect(fresh.account).toBeUndefined()
    expect(await theContact(ben)).toMatchObject({ devices: 1 })
    await expect(
      phone.recovery.restore(words, { from: [addressOf(ben)], confirm }),
    ).rejects.toMatchObject({
      code: 'ERR_LINK_ALREADY',
    })
    // The same device, after all that, with the right ones.
    await attempt(words, addressOf(ben))
    expect(fresh.account).toBe(phone.account)
  })

  test('REC-22: an invite code of a contact says where it is, and is not used up', async () => {
    await using world = await createWorld({ ada: ['phone'], ben: ['tablet'], eve: ['other'] })
    const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
    await world.acquaint(phone, ben, 'Ada')
    const words = await wordsOf(phone)
    const { code } = await ben.contacts.invite()
    await world.stop(phone)
    const fresh = await world.newDevice('fresh')
    await fresh.recovery.restore(words, { from: [code], confirm: async () => true })
    expect(fresh.account).toBeDefined()
    expect(await world.device('eve', 'other').contacts.add(code)).toMatchObject({ name: 'tablet' })
  })

  test('REC-23: recovering again goes on from what is known: the higher number wins', async () => {
    await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] })
    const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
    await world.acquaint(phone, ben, 'Ada')
    const words = await wordsOf(phone)
    await world.stop(phone)
    const first = await restore(world, 'first', { words, from: [ben] })
    const second = await restore(world, 'second', { words, from: [ben] })
    expect([first.plan.number, second.plan.number]).toEqual([1, 2])
    await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 1 })
    await second.node.messages.send(ben.account ?? expect.fail('no Ben'), { text: 'the second' })
    await expect.poll(() => textsOf(ben, second.node.account), WAIT).toEqual(['the second'])
  })

  test('REC-23: two at the same time, and the log decides: all agree on one', async () => {
    await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] })
    const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
    await world.acquaint(phone, ben, 'Ada')
    const words = await wordsOf(phone)
    await world.stop(phone)
    const both = await Promise.all([
      restore(world, 'one', { words, from: [ben] }),
      restore(world, 'other', { words, from: [ben] }),
    ])
    await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 1 })
    const sent = await ben.messages.send(phone.account ?? expect.fail('none'), { text: 'which?' })
    for await (const { reached, of } of sent.delivery()) if (reached === of) break
    const endOf = async (node: KithNode): Promise<string> =>
      (await node.status()).left?.reason ?? (await textsOf(node, ben.account)).join()
    const ends = (): Promise<string[]> => Promise.all(both.map(({ node }) => endOf(node)))
    await expect.poll(async () => (await ends()).sort(), WAIT).toEqual(['recovered', 'which?'])
  })
})
