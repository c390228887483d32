import type { LinkOptions } from '@kithmesh/node'
import { createJoinCode, parseJoinCode } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import {
  expectNothingChanged,
  leaping,
  link,
  type Persons,
  type Shown,
  stage,
  WAYS,
  watch,
  yes,
} from './linking-stage.ts'

/** The code both screens ended with. */
function ends(shown: Shown): readonly (string | undefined)[] {
  return [shown.existing, shown.fresh].map((states) =>
    states.filter((state) => state !== 'waiting').at(-1),
  )
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
