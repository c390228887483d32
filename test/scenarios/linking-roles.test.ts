import type {
  Device,
  KithNode,
  LinkAnswer,
  LinkOffer,
  LinkOfferOptions,
  LinkOptions,
  LinkState,
} from '@kithmesh/node'
import { createJoinCode, parseJoinCode } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { createWorld, type World } from './world.ts'

const WAIT = { timeout: 5_000, interval: 5 } as const
const yes = async (): Promise<boolean> => true
const DAY_MS = 24 * 60 * 60 * 1000

interface Stage extends AsyncDisposable {
  readonly world: World
  readonly laptop: KithNode
  readonly phone: KithNode
}

/** Ada's laptop, and a new phone. */
async function stage(): Promise<Stage> {
  const world = await createWorld({ ada: ['laptop'] })
  return {
    world,
    laptop: world.device('ada', 'laptop'),
    phone: await world.newDevice('phone'),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

const WAYS = ['link', 'join', 'nearby'] as const
type Way = (typeof WAYS)[number]

/** What the persons at the two devices do. */
interface Persons {
  readonly existing?: LinkOptions['confirm']
  readonly fresh?: (digits: string) => Promise<LinkAnswer>
  readonly options?: Partial<LinkOptions>
  readonly code?: (code: string) => string
  /** Told of each state, before anybody answers it. */
  readonly during?: (side: 'existing' | 'fresh', state: LinkState) => void
}

/** What either screen showed, last how it ended. */
interface Shown {
  readonly existing: readonly string[]
  readonly fresh: readonly string[]
}

function nameOf(state: LinkState): string {
  switch (state.state) {
    case 'failed':
      return state.code
    case 'syncing':
      return `syncing ${state.percent}`
    case 'confirm':
      return `confirm ${/^\d{6}$/.test(state.digits)}`
    default:
      return state.state
  }
}

/** Links the phone in one of the ways, and writes down both screens. */
async function link(at: Stage, way: Way, persons: Persons = {}): Promise<Shown> {
  const shown = { existing: [] as string[], fresh: [] as string[] }
  const digits = new Set<string>()
  const note =
    (side: 'existing' | 'fresh') =>
    (state: LinkState): void => {
      if (state.state === 'confirm') digits.add(state.digits)
      shown[side].push(nameOf(state))
      persons.during?.(side, state)
    }
  const { existing = yes, fresh = yes, options = {}, code = (text: string) => text } = persons
  const confirm = (seen: { readonly digits: string }): Promise<LinkAnswer> => fresh(seen.digits)
  const { laptop, phone } = at
  const offered =
    way === 'join'
      ? await laptop.devices.offer({ confirm: existing, ...options })
      : await phone.linking.offer({ confirm })
  const offering = way === 'join' ? 'existing' : 'fresh'
  const watching = watch(offered, note(offering))
  const dialling = way === 'join' ? 'fresh' : 'existing'
  const onState = note(dialling)
  const linking = { confirm: existing, ...options, onState }
  const attempt =
    way === 'join'
      ? phone.linking.join(code(offered.code), { confirm, onState })
      : way === 'link'
        ? laptop.devices.link(code(offered.code), linking)
        : laptop.devices.linkNearby(phone.device, linking)
  await attempt.then(
    () => undefined,
    () => undefined,
  )
  // Who offers is told last, and waits again when it failed.
  await expect.poll(() => shown[offering].at(-1), WAIT).toMatch(/^(done|waiting)$/)
  await offered.close()
  await watching
  expect(digits.size).toBeLessThan(2)
  return shown
}

async function watch(offer: LinkOffer, note: (state: LinkState) => void): Promise<void> {
  for await (const state of offer.states()) note(state)
}

/** The code both screens ended with. */
function ends(shown: Shown): readonly (string | undefined)[] {
  return [shown.existing, shown.fresh].map((states) =>
    states.filter((state) => state !== 'waiting').at(-1),
  )
}

async function expectNothingChanged({ laptop, phone }: Stage): Promise<void> {
  expect((await laptop.devices.list()).map(({ name }) => name)).toEqual(['laptop'])
  expect(phone.account).toBeUndefined()
}

describe('LNK-19 two roles and three ways in', () => {
  test.each(WAYS)('DEV-13 by %s: the same words and digits on both screens', async (way) => {
    await using at = await stage()
    const shown = await link(at, way)
    const words = ['seen', 'confirm true', 'syncing 0', 'syncing 100', 'done']
    const [offering, dialling] =
      way === 'join' ? [shown.existing, shown.fresh] : [shown.fresh, shown.existing]
    expect(dialling).toEqual(words)
    expect(offering).toEqual(['waiting', ...words])
    expect(at.phone.account).toBe(at.laptop.account)
    const [, phone] = await at.laptop.devices.list()
    expect(phone).toMatchObject({ name: 'phone', linkedBy: at.laptop.device })
    expect(phone?.historyAt).toBeUndefined()
  })

  test.each(WAYS)('DEV-13 by %s: refused by either person, told on both screens', async (way) => {
    await using at = await stage()
    const no = async (): Promise<false> => false
    const differ = async (): Promise<'differ'> => 'differ'
    for (const [persons, code] of [
      [{ existing: no }, 'ERR_LINK_DECLINED'],
      [{ fresh: no }, 'ERR_LINK_DECLINED'],
      [{ existing: differ }, 'ERR_LINK_DIGITS'],
      [{ fresh: differ }, 'ERR_LINK_DIGITS'],
    ] as const) {
      expect(ends(await link(at, way, persons))).toEqual([code, code])
      await expectNothingChanged(at)
    }
  })

  test.each(WAYS)(
    'LNK-19 by %s: a question is withdrawn when the other side ends it',
    async (way) => {
      await using at = await stage()
      let withdrawn = false
      const existing: LinkOptions['confirm'] = (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            withdrawn = true
          })
        })
      const shown = await link(at, way, { existing, fresh: async () => false })
      expect(ends(shown)).toEqual(['ERR_LINK_DECLINED', 'ERR_LINK_DECLINED'])
      expect(withdrawn).toBe(true)
    },
  )

  test.each(WAYS)('LNK-19 by %s: nobody answers for two minutes', async (way) => {
    await using at = await stage()
    const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const existing = (): Promise<boolean> => {
      here.resolve()
      return new Promise(() => undefined)
    }
    const fresh = async (): Promise<boolean> => {
      there.resolve()
      return true
    }
    const linking = link(at, way, { existing, fresh })
    await Promise.all([here.promise, there.promise])
    at.world.time.leap(120_000)
    expect(ends(await linking)).toEqual(['ERR_LINK_TIMEOUT', 'ERR_LINK_TIMEOUT'])
    await expectNothingChanged(at)
  })

  const STEPS = WAYS.flatMap((way) =>
    (['seen', 'confirm', 'syncing'] as const).flatMap((step) =>
      (['existing', 'fresh'] as const).map((side) => [way, step, side] as const),
    ),
  )

  test.each(STEPS)(
    'DEV-13 by %s: the connection is lost at %s of the %s',
    async (way, step, side) => {
      await using at = await stage()
      const { hub } = at.world
      let isCut = false
      const during: Persons['during'] = (where, { state }) => {
        if (isCut || where !== side || state !== step) return
        isCut = true
        hub.partition([[at.laptop.device], [at.phone.device]])
      }
      const codes = ends(await link(at, way, { during }))
      expect(isCut).toBe(true)
      expect(codes).toEqual(['ERR_STREAM_ENDED', 'ERR_STREAM_ENDED'])
      expect(at.phone.account).toBeUndefined()
      hub.heal()
      // The next attempt goes through, also behind an add that was written (LNK-11).
      expect(ends(await link(at, way))).toEqual(['done', 'done'])
      expect(await at.laptop.devices.list()).toHaveLength(2)
    },
  )
})

describe('LNK-16 the existing device shows the code', () => {
  test('the code of one role is refused in the other, by its own error', async () => {
    await using at = await stage()
    const shown = await at.phone.linking.offer()
    const offered = await at.laptop.devices.offer({ confirm: yes })
    await expect(at.laptop.devices.link(offered.code, { confirm: yes })).rejects.toMatchObject({
      code: 'ERR_CODE_ROLE',
    })
    await expect(at.phone.linking.join(shown.code, { confirm: yes })).rejects.toMatchObject({
      code: 'ERR_CODE_ROLE',
    })
    await expect(at.laptop.contacts.add(offered.code)).rejects.toMatchObject({
      code: 'ERR_CODE_KIND',
    })
    await expectNothingChanged(at)
  })

  test('LNK-3 LNK-4 expired, used, and with a wrong secret: one code on both screens', async () => {
    await using at = await stage()
    const wrong = (code: string): string => {
      const { device, secret, addresses } = parseJoinCode(code)
      return createJoinCode({ device, secret: secret.map((byte) => byte ^ 1), addresses })
    }
    const codes = ['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET']
    expect(ends(await link(at, 'join', { code: wrong }))).toEqual(codes)
    const late = (code: string): string => {
      at.world.time.leap(61_000)
      return code
    }
    expect(ends(await link(at, 'join', { code: late }))).toEqual([
      'ERR_CODE_EXPIRED',
      'ERR_CODE_EXPIRED',
    ])
    let used = ''
    const remember = (code: string): string => {
      used = code
      return code
    }
    await link(at, 'join', { code: remember, existing: async () => false })
    await expect(at.phone.linking.join(used, { confirm: yes })).rejects.toMatchObject({
      code: 'ERR_CODE_USED',
    })
    await expectNothingChanged(at)
  })

  test('DEV-12 a far device is refused before anybody is asked, and takes part when allowed', async () => {
    await using at = await stage()
    at.world.hub.setPath(at.laptop.device, at.phone.device, 'relayed')
    let asked = 0
    const existing = async (): Promise<boolean> => {
      asked++
      return true
    }
    expect(ends(await leaping(at, link(at, 'join', { existing })))).toEqual([
      'ERR_LINK_FAR',
      'ERR_LINK_FAR',
    ])
    expect(asked).toBe(0)
    await expectNothingChanged(at)
    const far = await leaping(at, link(at, 'join', { existing, options: { far: true } }))
    expect(ends(far)).toEqual(['done', 'done'])
    const [, phone] = await at.laptop.devices.list()
    expect(phone?.historyAt).toBeGreaterThan(at.world.time.clock.now())
  })

  test('a code is shown by one screen at a time: the later offer ends the earlier', async () => {
    await using at = await stage()
    const first = await at.laptop.devices.offer({ confirm: yes })
    const ended = watch(first, () => undefined)
    const { code } = first
    await at.laptop.devices.offer({ confirm: yes })
    await ended
    await expect(at.phone.linking.join(code, { confirm: yes })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_CODE_/),
    })
  })
})

/** A relayed connection gets two seconds to become a direct one; here they pass at once. */
async function leaping<T>({ world }: Stage, attempt: Promise<T>): Promise<T> {
  let isOver = false
  void attempt.finally(() => {
    isOver = true
  })
  await expect.poll(() => (isOver ? true : world.time.leap(500)), WAIT).toBe(true)
  return attempt
}

describe('nearby', () => {
  /** The names of devices as they come. */
  function looking(node: KithNode): { readonly names: readonly string[]; end(): void } {
    const names: string[] = []
    const over = new AbortController()
    void (async () => {
      for await (const { name } of node.devices.nearby({ signal: over.signal })) names.push(name)
    })()
    return { names, end: () => over.abort() }
  }

  test('DEV-41 a device is seen while it offers itself, and no longer', async () => {
    await using at = await stage()
    const look = looking(at.laptop)
    const offer = await at.phone.linking.offer({ confirm: yes })
    await expect.poll(() => look.names, WAIT).toEqual(['phone'])
    await offer.close()
    await expect(at.laptop.devices.linkNearby(at.phone.device, { confirm: yes })).rejects.toThrow()
    await at.phone.linking.offer({ confirm: yes })
    await expect.poll(() => look.names, WAIT).toEqual(['phone', 'phone'])
    look.end()
    await expectNothingChanged(at)
  })

  test('A10 DEV-41 forged announcements cost few dials, and hide nobody for long', async () => {
    await using at = await stage()
    const forged = Array.from({ length: 30 }, () => at.world.stranger())
    for (const net of forged) net.announceWaiting(true)
    const dialled = (): number => forged.filter((net) => net.connected().length > 0).length
    const look = looking(at.laptop)
    await at.phone.linking.offer({ confirm: yes })
    await expect.poll(dialled, WAIT).toBe(16)
    expect(look.names).toEqual([])
    await expect
      .poll(() => {
        at.world.time.leap(2_000)
        return look.names
      }, WAIT)
      .toEqual(['phone'])
    look.end()
    await Promise.all(forged.map((net) => net.stop()))
  })

  test('LNK-19 without a person to ask there it is neither seen nor linked', async () => {
    await using at = await stage()
    const other = await at.world.newDevice('tablet')
    const look = looking(at.laptop)
    await at.phone.linking.offer()
    await other.linking.offer({ confirm: yes })
    await expect.poll(() => look.names, WAIT).toEqual(['tablet'])
    await expect(at.laptop.devices.linkNearby(at.phone.device, { confirm: yes })).rejects.toThrow()
    look.end()
    await expectNothingChanged(at)
  })

  test('DEV-41 over a relay nobody is near, whatever is allowed', async () => {
    await using at = await stage()
    at.world.hub.setPath(at.laptop.device, at.phone.device, 'relayed')
    await at.phone.linking.offer({ confirm: yes })
    const linking = at.laptop.devices.linkNearby(at.phone.device, { confirm: yes, far: true })
    await expect(linking).rejects.toThrow()
    await expectNothingChanged(at)
  })

  test('DEV-14 a stranger nearby who holds the screen gives way to who has the code', async () => {
    await using at = await stage()
    const ben = await at.world.start('ben', 'tablet')
    const asked: string[] = []
    const fresh: LinkOfferOptions['confirm'] = async ({ device }, { signal }) => {
      asked.push(device)
      if (device === at.laptop.device) return true
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(false)))
    }
    const { code } = await at.phone.linking.offer({ confirm: fresh })
    const held = ben.devices.linkNearby(at.phone.device, { confirm: yes }).catch(() => 'ended')
    await expect.poll(() => asked, WAIT).toEqual([ben.device])
    await at.laptop.devices.link(code, { confirm: yes })
    expect(await held).toBe('ended')
    expect(at.phone.account).toBe(at.laptop.account)
  })

  test('DEV-41 whoever comes over a relay is not even told what the device is', async () => {
    await using at = await stage()
    const stranger = at.world.stranger()
    await at.phone.linking.offer({ confirm: yes })
    const ask = async (): Promise<boolean | undefined> => {
      const nearby = { id: '/kith/nearby/1', maxFrameBytes: 2 ** 20, maxStreamsPerPeer: 8 }
      const stream = await stranger.open(at.phone.device, nearby)
      return (await stream.incoming[Symbol.asyncIterator]().next()).done
    }
    expect(await ask()).toBe(false)
    at.world.hub.setPath(stranger.peer, at.phone.device, 'relayed')
    await expect(ask()).rejects.toThrow()
    await stranger.stop()
  })

  test('LNK-19 strangers get five attempts in a minute, and no more', async () => {
    await using at = await stage()
    const ben = await at.world.start('ben', 'tablet')
    await at.phone.linking.offer({ confirm: async () => 'differ' })
    const attempt = (): Promise<string | undefined> =>
      ben.devices.linkNearby(at.phone.device, { confirm: yes }).then(
        () => undefined,
        ({ code }: { readonly code: string }) => code,
      )
    const codes: (string | undefined)[] = []
    for (let count = 0; count < 7; count++) {
      await expect
        .poll(async () => {
          const code = await attempt()
          return code === 'ERR_LINK_BUSY' ? undefined : codes.push(code)
        }, WAIT)
        .toBe(count + 1)
    }
    expect(codes).toEqual([
      ...new Array(5).fill('ERR_LINK_DIGITS'),
      'ERR_LINK_ATTEMPTS',
      'ERR_LINK_ATTEMPTS',
    ])
    await expectNothingChanged(at)
  })
})

describe('LNK-20 sessions that end', () => {
  test('a temporary device has an expiry, and links nobody', async () => {
    await using at = await stage()
    await link(at, 'link', { options: { temporary: { hours: 2 } } })
    const [, phone] = await at.laptop.devices.list()
    expect(phone?.expiresAt).toBeGreaterThan(at.world.time.clock.now() + 7_100_000)
    expect(phone?.expiresAt).toBeLessThanOrEqual(at.world.time.clock.now() + 7_200_000)

    const tablet = await at.world.newDevice('tablet')
    const { code } = await tablet.linking.offer()
    const asked: string[] = []
    const confirm = async ({ digits }: { readonly digits: string }): Promise<boolean> =>
      asked.push(digits) > 0
    await expect(at.phone.devices.link(code, { confirm })).rejects.toMatchObject({
      code: 'ERR_LINK_RIGHT',
    })
    expect([asked, tablet.account]).toEqual([[], undefined])
  })

  test.each([0, 1.5, 721])('%s hours are no time for a session', async (hours) => {
    await using at = await stage()
    const { code } = await at.phone.linking.offer()
    const linking = at.laptop.devices.link(code, { confirm: yes, temporary: { hours } })
    await expect(linking).rejects.toMatchObject({ code: 'ERR_LINK_TERMS' })
    await expectNothingChanged(at)
  })
})

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

describe('HIS-6 a second device lets a far one have the history', () => {
  async function farPhone(): Promise<{
    readonly world: World
    readonly laptop: KithNode
    readonly desk: KithNode
    readonly phone: KithNode
    /** What the desk was told when the phone was linked. */
    readonly told: readonly Device[]
    texts(): Promise<readonly string[]>
  }> {
    const world = await createWorld({ ada: ['laptop', 'desk'], ben: ['tablet'] })
    const [laptop, desk] = [world.device('ada', 'laptop'), world.device('ada', 'desk')]
    const ben = world.device('ben', 'tablet')
    await world.acquaint(laptop, ben)
    const toBen = ben.account
    if (!toBen) throw new Error('no account')
    await laptop.messages.send(toBen, { text: 'old' })
    const textsOf = async (node: KithNode): Promise<readonly string[]> =>
      (await node.messages.list(toBen)).map(({ text }) => text)
    await expect.poll(() => textsOf(desk), WAIT).toEqual(['old'])
    world.time.leap(1_000)
    const phone = await world.newDevice('phone')
    world.hub.setPath(laptop.device, phone.device, 'relayed')
    const told: Device[] = []
    desk.addEventListener('device:linked', ({ detail }) => void told.push(detail))
    const at = { world, laptop, phone, [Symbol.asyncDispose]: async () => undefined }
    await leaping(at, link(at, 'link', { options: { far: true } }))
    await laptop.messages.send(toBen, { text: 'new' })
    await expect.poll(() => textsOf(phone), WAIT).toEqual(['new'])
    return { world, laptop, desk, phone, told, texts: () => textsOf(phone) }
  }

  test('A6 at once, from every sibling; neither by itself nor by the one that linked it', async () => {
    const { world, laptop, desk, phone, told, texts } = await farPhone()
    await using _ = world
    expect(told).toMatchObject([
      { device: phone.device, linkedBy: laptop.device, historyAt: expect.any(Number) },
    ])
    const seen = (await desk.devices.list()).find(({ device }) => device === phone.device)
    expect(seen).toMatchObject({ linkedBy: laptop.device })
    expect(seen?.historyAt).toBeGreaterThan(world.time.clock.now())
    for (const node of [laptop, phone]) {
      await expect(node.devices.approveHistory(phone.device)).rejects.toMatchObject({
        code: 'ERR_DEVICE_RIGHT',
      })
    }
    expect(await texts()).toEqual(['new'])
    const changed: string[] = []
    laptop.addEventListener('device:changed', ({ detail }) => {
      if (detail.device === phone.device && detail.historyAt === undefined) changed.push('open')
    })

    const approved = await desk.devices.approveHistory(phone.device)

    expect(approved.historyAt).toBeUndefined()
    await expect.poll(texts, WAIT).toEqual(['old', 'new'])
    await expect.poll(() => changed.length, WAIT).toBeGreaterThan(0)
    await desk.devices.approveHistory(phone.device)
  })

  test('not by a device that the far one linked, nor by one that waits itself', async () => {
    const { world, laptop, phone, texts } = await farPhone()
    await using _ = world
    const tablet = await world.newDevice('tablet')
    await world.link(phone, tablet)
    await expect
      .poll(async () => (await tablet.devices.list()).length, WAIT)
      .toBe((await phone.devices.list()).length)
    await expect(tablet.devices.approveHistory(phone.device)).rejects.toMatchObject({
      code: 'ERR_DEVICE_RIGHT',
    })
    // What the far one links waits as long as it does.
    const [waiting] = (await laptop.devices.list()).filter(({ name }) => name === 'tablet')
    expect(waiting?.historyAt).toBeGreaterThan(world.time.clock.now())
    expect(await texts()).toEqual(['new'])
    world.time.leap(DAY_MS + 1_000)
    await expect.poll(texts, WAIT).toEqual(['old', 'new'])
  })

  test('after a restart of the sibling that serves it, too', async () => {
    const { world, laptop, desk, phone, texts } = await farPhone()
    await using _ = world
    world.hub.partition([[phone.device]])
    await desk.devices.approveHistory(phone.device)
    await expect
      .poll(async () => {
        const own = await laptop.devices.list()
        return own.find(({ device }) => device === phone.device)?.historyAt
      }, WAIT)
      .toBeUndefined()
    await world.stop(desk)
    await world.restart(laptop)
    world.hub.heal()
    await expect.poll(texts, WAIT).toEqual(['old', 'new'])
  })
})
