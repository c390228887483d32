import type { AccountId, KithNode, Message } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { createWorld, type Ground } from './world.ts'

const WAIT = { timeout: 15_000, interval: 20 } as const

const accountOf = (node: KithNode): AccountId => {
  if (!node.account) throw new Error('no account yet')
  return node.account
}
const texts = (messages: readonly Message[]): readonly string[] =>
  messages.map((message) => message.text)

describe.each<Ground>(['memory', 'lan', 'relay'])('over %s', (ground) => {
  test('ACC-1 a contact renamed on one device has the new name on its sibling', async () => {
    await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['phone'] }, ground)
    const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
    const ben = world.device('ben', 'phone')
    await world.acquaint(phone, ben)

    await phone.contacts.rename(accountOf(ben), 'Ben from work')

    await expect
      .poll(async () => (await laptop.contacts.list()).map(({ name }) => name), WAIT)
      .toEqual(['Ben from work'])
  })

  test('DEL-1 HIS-2 a message reaches every device of the other account, and the author’s siblings', async () => {
    await using world = await createWorld(
      { ada: ['phone', 'laptop'], ben: ['phone', 'tablet'] },
      ground,
    )
    const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
    const bens = [world.device('ben', 'phone'), world.device('ben', 'tablet')] as const
    await world.acquaint(phone, bens[0])
    const [ada, ben] = [accountOf(phone), accountOf(bens[0])]

    const sent = await phone.messages.send(ben, { text: 'see you at eight' })
    const states = []
    for await (const state of sent.delivery()) states.push(`${state.reached} of ${state.of}`)

    expect(states.at(-1)).toBe('2 of 2')
    for (const device of bens) {
      expect(texts(await device.messages.list(ada))).toEqual(['see you at eight'])
    }
    await expect
      .poll(async () => texts(await laptop.messages.list(ben)), WAIT)
      .toEqual(['see you at eight'])
  })

  test('ACC-5 a star set on one device is seen on its sibling, and taken away again', async () => {
    await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['phone'] }, ground)
    const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
    const ben = world.device('ben', 'phone')
    await world.acquaint(phone, ben)
    const { message } = await phone.messages.send(accountOf(ben), { text: 'the address' })
    await expect.poll(() => laptop.messages.get(message), WAIT).toBeDefined()

    await laptop.starred.add(message)
    await expect.poll(async () => texts(await phone.starred.list()), WAIT).toEqual(['the address'])
    await phone.starred.remove(message)
    await expect.poll(async () => texts(await laptop.starred.list()), WAIT).toEqual([])
  })
})
