import type { KithNode, LinkOptions } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import {
  type Attempt,
  attempt,
  expectUnlinked,
  type Stage,
  stage,
  WAIT,
} from './linking-attempt.ts'
import { createWorld } from './world.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('from afar', () => {
  /** A relayed connection gets two seconds to become a direct one; here they pass at once. */
  async function far(at: Stage, options: Partial<LinkOptions> = {}): Promise<Attempt> {
    at.world.hub.setPath(at.laptop.device, at.phone.device, 'relayed')
    const outcome = attempt(at.laptop, { offer: at.offer, ...options })
    let isOver = false
    void outcome.finally(() => {
      isOver = true
    })
    await expect.poll(() => (isOver ? true : at.world.time.leap(500)), WAIT).toBe(true)
    return outcome
  }

  test('DEV-12 A6 a far device is refused before a person is asked: ERR_LINK_FAR on both sides', async () => {
    await using at = await stage()
    let asked = false
    const confirm = async (): Promise<boolean> => {
      asked = true
      return true
    }
    const outcome = await far(at, { confirm })
    expect(asked).toBe(false)
    expect(outcome.existing).toEqual(['seen', 'ERR_LINK_FAR'])
    expect(outcome.fresh).toEqual(['waiting', 'seen', 'ERR_LINK_FAR', 'waiting'])
    await expectUnlinked(at.world, at.laptop, at.phone)
  })

  test('DEV-12 a way over a relay that becomes a near one in time counts as near', async () => {
    await using at = await stage()
    const { hub } = at.world
    const ends = [at.laptop.device, at.phone.device] as const
    hub.setPath(...ends, 'relayed')
    const distances: string[] = []
    const confirm: LinkOptions['confirm'] = async ({ distance }) => {
      distances.push(distance)
      return true
    }
    const linking = attempt(at.laptop, { offer: at.offer, confirm })
    await Promise.resolve()
    hub.setPath(...ends, 'lan')
    expect(await linking).toMatchObject({ code: undefined })
    expect(distances).toEqual(['near'])
  })

  test('HIS-4 A6 a far device gets what is new at once, and older messages after 24 h, from any sibling', async () => {
    await using world = await createWorld({ ada: ['laptop', 'desk'], ben: ['tablet'] })
    const [laptop, desk] = [world.device('ada', 'laptop'), world.device('ada', 'desk')]
    const ben = world.device('ben', 'tablet')
    await world.acquaint(laptop, ben)
    const [ada, toBen] = [accountOf(laptop), accountOf(ben)]
    await laptop.messages.send(toBen, { text: 'old, of mine' })
    await ben.messages.send(ada, { text: 'old, of Ben’s' })
    await expect.poll(() => textsOf(desk, toBen), WAIT).toHaveLength(2)

    world.time.leap(1_000)
    const phone = await world.newDevice('phone')
    const offer = await phone.linking.offer()
    const at = { world, laptop, phone, offer, [Symbol.asyncDispose]: async () => undefined }
    expect(await far(at, { far: true })).toMatchObject({ code: undefined })
    expect((await phone.contacts.list()).map(({ contact }) => contact)).toEqual([toBen])

    await laptop.messages.send(toBen, { text: 'new, of mine' })
    await ben.messages.send(ada, { text: 'new, of Ben’s' })
    await expect
      .poll(() => textsOf(phone, toBen), WAIT)
      .toEqual(expect.arrayContaining(['new, of mine', 'new, of Ben’s']))
    // Both siblings exchange with it: what they edit arrives, what they hold back does not.
    const arrives = async (at: KithNode, edit: string): Promise<void> => {
      for (const sibling of [laptop, desk]) {
        await sibling.contacts.rename(toBen, `${edit} by ${sibling.name}`)
        await expect
          .poll(async () => (await at.contacts.list()).map(({ name }) => name), WAIT)
          .toEqual([`${edit} by ${sibling.name}`])
      }
    }
    await arrives(phone, 'Ben')
    expect(await textsOf(phone, toBen)).toHaveLength(2)

    const restarted = await world.restart(phone)
    await arrives(restarted, 'Benjamin')
    world.time.leap(DAY_MS - 10_000)
    expect(await textsOf(restarted, toBen)).toHaveLength(2)
    world.time.leap(20_000)
    await expect
      .poll(() => textsOf(restarted, toBen), WAIT)
      .toEqual(['old, of mine', 'old, of Ben’s', 'new, of mine', 'new, of Ben’s'])
  })
})

function accountOf(node: KithNode): NonNullable<KithNode['account']> {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

async function textsOf(
  node: KithNode,
  contact: NonNullable<KithNode['account']>,
): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text)
}
