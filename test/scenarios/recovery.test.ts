import type { KithNode } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { addressOf, restore, textsOf, theContact, WAIT, wordsOf } from './recovery-stage.ts'
import { createWorld, type World } from './world.ts'

const STORY_MS = 60_000

const DAY_MS = 86_400_000

interface Lost {
  readonly words: string
  readonly account: KithNode['account']
}

const namesOf = async (node: KithNode): Promise<readonly string[]> =>
  (await node.contacts.list()).map(({ name }) => name).sort()

/** Until a contact holds a copy that has everything: tomorrow's. */
async function copyTomorrow(world: World, keeper: KithNode): Promise<void> {
  world.time.leap(DAY_MS)
  await expect
    .poll(() => world.logLines.filter((line) => isKept(line, keeper)).length, WAIT)
    .toBe(2)
}

function isKept(line: string, keeper: KithNode): boolean {
  return line.startsWith(`${keeper.name} a recovery copy was kept`)
}

describe('everything is lost, and a contact is left', () => {
  test(
    'REC-26 REC-22: contacts, names, stars and settings come back, and the contact notices nothing',
    async () => {
      await using world = await createWorld({
        ada: ['phone', 'laptop'],
        ben: ['tablet'],
        cleo: ['desk'],
      })
      const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
      const [ben, cleo] = [world.device('ben', 'tablet'), world.device('cleo', 'desk')]
      await world.acquaint(phone, ben, 'Ada')
      await world.acquaint(phone, cleo, 'Ada')
      const bens = (await phone.contacts.list()).find(({ name }) => name === 'tablet')
      const benId = bens?.contact ?? expect.fail('no Ben')
      await phone.contacts.rename(benId, 'Ben from work')
      const old = await phone.messages.send(benId, { text: 'before' })
      await phone.starred.add(old.message)
      await expect.poll(() => textsOf(ben, phone.account), WAIT).toEqual(['before'])
      const before = await theContact(ben)
      const code = (await ben.contacts.code(before.contact)).digits
      await ben.contacts.verify(before.contact)
      await copyTomorrow(world, ben)
      const lost: Lost = { words: await wordsOf(phone), account: phone.account }
      await world.stop(phone)
      await world.stop(laptop)

      const { node: fresh, plan } = await restore(world, 'fresh', {
        words: lost.words,
        from: [ben],
      })

      expect(plan).toMatchObject({
        account: lost.account,
        contacts: 2,
        starred: 1,
        fromRemoved: false,
        history: 'none',
        number: 1,
        sources: [{ own: false, name: 'Ben from work' }],
      })
      expect(plan.devices.map(({ name, kept }) => [name, kept]).sort()).toEqual([
        ['laptop', false],
        ['phone', false],
      ])
      expect(fresh.account).toBe(lost.account)
      expect(await fresh.recovery.state()).toBe('confirmed')
      expect(await namesOf(fresh)).toEqual(['Ben from work', 'desk'])

      // Ben: the same account, the same code, no warning, and one device instead of two.
      await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 1 })
      expect(await theContact(ben)).toMatchObject({ contact: lost.account, verified: true })
      expect((await ben.contacts.code(before.contact)).digits).toBe(code)
      const sent = await ben.messages.send(before.contact, { text: 'are you there?' })
      for await (const { reached, of } of sent.delivery()) {
        expect(of).toBe(1)
        if (reached === 1) break
      }
      expect(await textsOf(fresh, ben.account)).toEqual(['are you there?'])

      // He holds a copy by the new device: those of the old ones are worth nothing any more.
      await expect
        .poll(() => world.logLines.filter((line) => isKept(line, ben)).length, WAIT)
        .toBe(3)

      // Cleo was not asked, and meets the new device by the log that was in the copy.
      await fresh.messages.send(cleo.account ?? expect.fail('no Cleo'), { text: 'hello again' })
      await expect.poll(() => textsOf(cleo, lost.account), WAIT).toEqual(['hello again'])
    },
    STORY_MS,
  )

  test(
    'REC-26 OUT-7 A8: an old device gets nothing any more, is not heard, and cannot undo it',
    async () => {
      await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['tablet'] })
      const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
      const ben = world.device('ben', 'tablet')
      const benId = ben.account ?? expect.fail('no Ben')
      await world.acquaint(phone, ben, 'Ada')
      await expect.poll(() => namesOf(laptop), WAIT).toEqual(['tablet'])
      const words = await wordsOf(phone)
      await world.stop(phone)
      const fresh = await world.newDevice('fresh')
      // A thief has the laptop, which hears nothing of the recovery and writes to Ben meanwhile.
      world.hub.partition([[laptop.device], [ben.device, fresh.device]])
      const confirm = async (): Promise<boolean> => true
      await fresh.recovery.restore(words, { from: [addressOf(ben)], confirm })
      await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 1 })
      await laptop.messages.send(benId, { text: 'from the thief' })
      world.hub.partition([[ben.device, fresh.device]])
      const ghost = await world.newDevice('ghost')
      await world.link(laptop, ghost)
      await ghost.messages.send(benId, { text: 'from another of the thief' })
      world.hub.heal()

      const sent = await ben.messages.send((await theContact(ben)).contact, { text: 'secret' })
      for await (const { reached, of } of sent.delivery()) {
        expect(of).toBe(1)
        if (reached === 1) break
      }
      await fresh.messages.send(benId, { text: 'got it' })
      await expect.poll(() => textsOf(ben, fresh.account), WAIT).toContain('got it')
      // Both of the thief's devices meet Ben, also after a new start, and hear from him that they are out.
      for (const device of [laptop, ghost]) {
        const again = await world.restart(device)
        await expect.poll(async () => (await again.status()).left?.reason, WAIT).toBe('recovered')
      }
      expect(await textsOf(ben, fresh.account)).toEqual(['secret', 'got it'])
      expect(await theContact(ben)).toMatchObject({ devices: 1 })
      const active = (await fresh.devices.list()).filter(({ state }) => state === 'active')
      expect(active.map(({ name }) => name)).toEqual(['fresh'])
    },
    STORY_MS,
  )

  test(
    'REC-25 REC-28: without any copy the account comes back all the same, and so does who was asked',
    async () => {
      await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] })
      const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
      await world.acquaint(phone, ben, 'Ada')
      await expect.poll(() => world.logLines.some((line) => isKept(line, ben)), WAIT).toBe(true)
      await phone.recovery.copies(false)
      await expect
        .poll(
          () => world.logLines.some((line) => line.includes('a recovery copy was dropped')),
          WAIT,
        )
        .toBe(true)
      const words = await wordsOf(phone)
      await world.stop(phone)
      const { node: fresh, plan } = await restore(world, 'fresh', { words, from: [ben] })
      expect(plan.copyMadeAt).toBeUndefined()
      expect(await namesOf(fresh)).toEqual(['tablet'])
      await fresh.messages.send(ben.account ?? expect.fail('no Ben'), { text: 'it is me' })
      await expect.poll(() => textsOf(ben, fresh.account), WAIT).toEqual(['it is me'])
    },
    STORY_MS,
  )
})

describe('a device of one’s own is left', () => {
  test(
    'REC-21 REC-26: kept, it stays in, and the history comes back from it',
    async () => {
      await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['tablet'] })
      const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
      const ben = world.device('ben', 'tablet')
      await world.acquaint(phone, ben, 'Ada')
      const to = ben.account ?? expect.fail('no Ben')
      await phone.messages.send(to, { text: 'from the phone' })
      await laptop.messages.send(to, { text: 'from the laptop' })
      await expect.poll(() => textsOf(laptop, to), WAIT).toHaveLength(2)
      const words = await wordsOf(phone)
      await world.stop(phone)

      const { node: fresh, plan } = await restore(world, 'fresh', {
        words,
        from: [laptop],
        keep: ['laptop'],
      })

      expect(plan).toMatchObject({
        history: 'kept-devices',
        sources: [{ own: true, name: 'laptop' }],
      })
      expect(plan.devices.find(({ name }) => name === 'laptop')).toMatchObject({
        kept: true,
        answered: true,
      })
      await expect
        .poll(async () => [...(await textsOf(fresh, to))].sort(), WAIT)
        .toEqual(['from the laptop', 'from the phone'])
      const states = async (node: KithNode): Promise<readonly string[]> =>
        (await node.devices.list())
          .filter(({ state }) => state === 'active')
          .map(({ name }) => name)
          .sort()
      await expect.poll(() => states(laptop), WAIT).toEqual(['fresh', 'laptop'])
      await expect.poll(() => states(fresh), WAIT).toEqual(['fresh', 'laptop'])
      // Both go on together, in both directions, and with Ben.
      await laptop.messages.send(to, { text: 'afterwards' })
      await expect.poll(() => textsOf(fresh, to), WAIT).toContain('afterwards')
      await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 2 })
    },
    STORY_MS,
  )

  test(
    'REC-27 REC-22: what only the copy of a contact knew, the device that stays knows afterwards',
    async () => {
      await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['tablet'] })
      const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
      const ben = world.device('ben', 'tablet')
      await world.acquaint(phone, ben, 'Ada')
      await expect.poll(() => namesOf(laptop), WAIT).toEqual(['tablet'])
      await world.stop(laptop)
      await phone.contacts.rename((await theContact(phone)).contact, 'Ben from work')
      await copyTomorrow(world, ben)
      const words = await wordsOf(phone)
      await world.stop(phone)
      const again = await world.start('ada', 'laptop')
      expect(await namesOf(again)).toEqual(['tablet'])

      const { node: fresh, plan } = await restore(world, 'fresh', {
        words,
        from: [ben, again],
        keep: ['laptop'],
      })

      expect(plan.sources.map(({ own }) => own).sort()).toEqual([false, true])
      expect(await namesOf(fresh)).toEqual(['Ben from work'])
      await expect.poll(() => namesOf(again), WAIT).toEqual(['Ben from work'])
    },
    STORY_MS,
  )

  test(
    'REC-26: not kept, it is out, although it helped',
    async () => {
      await using world = await createWorld({ ada: ['phone', 'laptop'], ben: ['tablet'] })
      const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
      const ben = world.device('ben', 'tablet')
      await world.acquaint(phone, ben, 'Ada')
      await expect.poll(() => namesOf(laptop), WAIT).toEqual(['tablet'])
      const words = await wordsOf(phone)
      await world.stop(phone)
      const left = new Promise((resolve) =>
        laptop.addEventListener('account:left', ({ detail }) => resolve(detail)),
      )

      const { node: fresh } = await restore(world, 'fresh', { words, from: [laptop] })

      expect(await left).toMatchObject({ reason: 'recovered' })
      expect(await namesOf(fresh)).toEqual(['tablet'])
      await fresh.messages.send(ben.account ?? expect.fail('no Ben'), { text: 'only me now' })
      await expect.poll(() => textsOf(ben, fresh.account), WAIT).toEqual(['only me now'])
      await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 1 })
    },
    STORY_MS,
  )
})

test(
  'REC-26: the same over real sockets, with the addresses that "ready" shows',
  async () => {
    await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] }, 'lan')
    const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
    await world.acquaint(phone, ben, 'Ada')
    const words = await wordsOf(phone)
    await world.stop(phone)
    const { node: fresh, plan } = await restore(world, 'fresh', { words, from: [ben] })
    expect(plan).toMatchObject({ account: fresh.account, contacts: 1 })
    await fresh.messages.send(ben.account ?? expect.fail('no Ben'), { text: 'it is me' })
    await expect.poll(() => textsOf(ben, fresh.account), WAIT).toEqual(['it is me'])
    await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 1 })
  },
  STORY_MS,
)

test('REC-14 REC-15: a change of who is in makes the copies old, the same day', async () => {
  await using world = await createWorld({ ada: ['phone'], ben: ['tablet'] })
  const [phone, ben] = [world.device('ada', 'phone'), world.device('ben', 'tablet')]
  await world.acquaint(phone, ben, 'Ada')
  const kept = (): number => world.logLines.filter((line) => isKept(line, ben)).length
  await expect.poll(kept, WAIT).toBe(1)
  await world.link(phone, await world.newDevice('laptop'))
  await expect.poll(() => theContact(ben), WAIT).toMatchObject({ devices: 2 })
  world.time.leap(30_000)
  await expect.poll(kept, WAIT).toBe(2)
})
