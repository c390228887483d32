import type { KithNode, LinkOffer } from '@kithmesh/node'
import { describe, expect, test } from 'vitest'
import { twoScreens } from './two-screens.ts'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 5_000, interval: 2 } as const
/** In all, spread over the ways in. `KITH_LINK_ATTEMPTS=1000` looks harder. */
const ATTEMPTS = Number(process.env['KITH_LINK_ATTEMPTS'] ?? 100)
/** Each needs a device of its own on a real disk, so a quarter will do where nobody waits for all. */
const HONEST = Number(process.env['KITH_LINK_ATTEMPTS'] ?? (process.env['CI'] ? 100 : 25))
const yes = async (): Promise<boolean> => true

/**
 * Ada's laptop and her new phone, and Mallory with a device of her own account and a new one that calls
 * itself as Ada's does. She has photographed every code, is on the same network, and comes first.
 */
interface Stage extends AsyncDisposable {
  readonly world: World
  readonly laptop: KithNode
  readonly phone: KithNode
  readonly mallory: KithNode
  readonly hers: KithNode
}

async function stage(): Promise<Stage> {
  const world = await createWorld({ ada: ['laptop'], mallory: ['tablet'] })
  return {
    world,
    laptop: world.device('ada', 'laptop'),
    phone: await world.newDevice('phone'),
    mallory: world.device('mallory', 'tablet'),
    hers: await world.newDevice('her phone'),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

/** How each conversation of an attempt ended. */
type Outcome = Promise<string>
const outcomeOf = (task: Promise<unknown>): Outcome =>
  task.then(
    () => 'linked',
    (error: { readonly code?: string }) => error.code ?? String(error),
  )

type Screens = ReturnType<typeof twoScreens>
type Attack = (at: Stage, screens: Screens) => Promise<readonly Outcome[]>

/** Begins an attack; the person looks once Mallory has done what she can. */
const ATTACKS: Readonly<Record<string, Attack>> = {
  'the new device shows a code: she dials it first': async (at, screens) => {
    const offer = await at.phone.linking.offer({ confirm: screens.fresh })
    const { code } = offer
    const hers = outcomeOf(at.mallory.devices.link(code, { confirm: yes }))
    await expect.poll(() => screens.shown().fresh, WAIT).toBeDefined()
    const own = outcomeOf(at.laptop.devices.link(code, { confirm: screens.existing }))
    await expect.poll(() => own, WAIT).toBe('ERR_CODE_USED')
    return [hers, own]
  },
  'the existing device shows a code: she dials it first': async (at, screens) => {
    const offer = await at.laptop.devices.offer({ confirm: screens.existing })
    const { code } = offer
    const hers = outcomeOf(at.hers.linking.join(code, { confirm: yes }))
    await expect.poll(() => screens.shown().existing, WAIT).toBeDefined()
    const own = outcomeOf(at.phone.linking.join(code, { confirm: screens.fresh }))
    await expect.poll(() => own, WAIT).toBe('ERR_CODE_USED')
    return [hers, own]
  },
  'the new device shows a code: she shows hers in its place, and sits between': async (
    at,
    screens,
  ) => {
    const { code } = await at.phone.linking.offer({ confirm: screens.fresh })
    const forged = await at.hers.linking.offer({ confirm: yes })
    const own = outcomeOf(at.laptop.devices.link(forged.code, { confirm: screens.existing }))
    const hers = outcomeOf(at.mallory.devices.link(code, { confirm: yes }))
    await both(screens)
    return [own, hers]
  },
  'the existing device shows a code: she shows hers in its place, and sits between': async (
    at,
    screens,
  ) => {
    const { code } = await at.laptop.devices.offer({ confirm: screens.existing })
    const forged = await at.mallory.devices.offer({ confirm: yes })
    const own = outcomeOf(at.phone.linking.join(forged.code, { confirm: screens.fresh }))
    const hers = outcomeOf(at.hers.linking.join(code, { confirm: yes }))
    await both(screens)
    return [own, hers]
  },
  'nearby: she answers for the new device, and sits between': async (at, screens) => {
    await at.phone.linking.offer({ confirm: screens.fresh })
    await at.hers.linking.offer({ confirm: yes })
    const linking = { confirm: screens.existing }
    const own = outcomeOf(at.laptop.devices.linkNearby(at.hers.device, linking))
    const hers = outcomeOf(at.mallory.devices.linkNearby(at.phone.device, { confirm: yes }))
    await both(screens)
    return [own, hers]
  },
}

async function both(screens: Screens): Promise<void> {
  const isFull = (): boolean => Object.values(screens.shown()).every((digits) => digits)
  await expect.poll(isFull, WAIT).toBe(true)
}

/** Whether Mallory has got anything: a device in Ada's account, or Ada's phone in hers. */
async function hasSucceeded({ laptop, phone, hers, mallory }: Stage): Promise<boolean> {
  const [ofAda, ofMallory] = [await laptop.devices.list(), await mallory.devices.list()]
  const isJoined = phone.account !== undefined || hers.account !== undefined
  return isJoined || ofAda.length > 1 || ofMallory.length > 1
}

describe('A6 LNK-18 a photograph of every code, and the network', () => {
  const names = Object.keys(ATTACKS)

  test.each(names)('%s: nobody gets in', { timeout: 120_000 }, async (name) => {
    await using at = await stage()
    const attack = ATTACKS[name]
    let succeeded = 0
    for (let count = 0; count < Math.ceil(ATTEMPTS / names.length); count++) {
      const screens = twoScreens()
      const outcomes = await attack?.(at, screens)
      screens.look()
      for (const outcome of outcomes ?? []) expect(await outcome).not.toBe('linked')
      if (await hasSucceeded(at)) succeeded++
      await close(at)
      // Another minute: nearby a device answers five strangers in each.
      at.world.time.leap(60_000)
    }
    expect(succeeded).toBe(0)
  })

  /** Every code is taken from the screens. */
  async function close({ laptop, phone, mallory, hers }: Stage): Promise<void> {
    for (const fresh of [phone, hers]) await closeOnceIdle(await fresh.linking.offer())
    for (const old of [laptop, mallory]) {
      await closeOnceIdle(await old.devices.offer({ confirm: yes }))
    }
  }
})

/** Who was told that it failed is told a moment before the other screen goes back to waiting. */
async function closeOnceIdle(offer: LinkOffer): Promise<void> {
  for await (const { state } of offer.states()) if (state === 'waiting') break
  await offer.close()
}

/** An account takes 8 devices. */
const OF_ONE_ACCOUNT = 7

describe('the same person without anybody between', () => {
  const WAYS = ['link', 'join', 'nearby'] as const

  test.each(WAYS)('by %s: every attempt links', { timeout: 180_000 }, async (way) => {
    const wanted = Math.ceil(HONEST / WAYS.length)
    let linked = 0
    while (linked < wanted) {
      await using world = await createWorld({ ada: ['laptop'] })
      const laptop = world.device('ada', 'laptop')
      const here = Math.min(OF_ONE_ACCOUNT, wanted - linked)
      for (let count = 0; count < here; count++) {
        const phone = await world.newDevice(`phone ${count}`)
        const screens = twoScreens()
        const attempt = honest(way, { laptop, phone, screens })
        await both(screens)
        expect(screens.shown().existing).toMatch(/^\d{6}$/)
        screens.look()
        await attempt
        expect(phone.account).toBe(laptop.account)
      }
      expect(await laptop.devices.list()).toHaveLength(1 + here)
      linked += here
    }
  })

  async function honest(
    way: (typeof WAYS)[number],
    {
      laptop,
      phone,
      screens,
    }: { readonly laptop: KithNode; readonly phone: KithNode; readonly screens: Screens },
  ): Promise<void> {
    if (way === 'join') {
      const { code } = await laptop.devices.offer({ confirm: screens.existing })
      await phone.linking.join(code, { confirm: screens.fresh })
      return
    }
    const { code } = await phone.linking.offer({ confirm: screens.fresh })
    if (way === 'link') await laptop.devices.link(code, { confirm: screens.existing })
    else await laptop.devices.linkNearby(phone.device, { confirm: screens.existing })
  }
})
