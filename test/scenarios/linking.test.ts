import { createLinkCode, parseLinkCode } from '@kithmesh/protocol'
import { describe, expect, test } from 'vitest'
import { attempt, expectUnlinked, namesOf, stage, WAIT, watch, yes } from './linking-attempt.ts'
import { createWorld } from './world.ts'

const LINK = { id: '/kith/link/1', maxFrameBytes: 2 ** 20, maxStreamsPerPeer: 8 } as const

/** A code of the same device with another secret. */
function withOtherSecret(code: string): string {
  const { device, secret, addresses } = parseLinkCode(code)
  return createLinkCode({ device, secret: secret.map((byte) => byte ^ 1), addresses })
}

describe('linking', () => {
  test('DEV-13 both sides show the same words, and then both are devices of the account', async () => {
    await using at = await stage()
    const told: string[] = []
    at.laptop.addEventListener('device:linked', ({ detail }) => void told.push(detail.name))

    const { existing, fresh, code } = await attempt(at.laptop, at)

    expect(code).toBeUndefined()
    expect(existing).toEqual(['seen', 'confirm', 'syncing 0', 'syncing 100', 'done'])
    expect(fresh).toEqual(['waiting', ...existing])
    expect(told).toEqual(['phone'])
    expect(at.phone.account).toBe(at.laptop.account)
    expect(await namesOf(at.phone)).toEqual(['laptop', 'phone'])
    await expect(at.phone.linking.offer()).rejects.toMatchObject({ code: 'ERR_LINK_ALREADY' })
    const again = await at.world.restart(at.phone)
    expect(again.account).toBe(at.laptop.account)
  })

  test.each([
    ['not whole', (code: string) => code.slice(0, -3), 'ERR_CODE_MALFORMED'],
    ['nothing of ours', () => 'https://example.com', 'ERR_CODE_MALFORMED'],
    [
      'one letter other',
      (code: string) => code.replace(/.$/, (x) => (x === 'A' ? 'B' : 'A')),
      'ERR_CODE_MALFORMED',
    ],
  ])('DEV-13 a code that is %s: refused here, nobody is dialled', async (_, change, code) => {
    await using at = await stage()
    const outcome = await attempt(at.laptop, { offer: at.offer, code: change(at.offer.code) })
    expect(outcome).toEqual({ existing: [], fresh: ['waiting'], code })
    await expectUnlinked(at.world, at.laptop, at.phone)
  })

  test('DEV-13 the code of an invite is no link code, nor the other way round', async () => {
    await using at = await stage()
    const { code } = await at.laptop.contacts.invite()
    expect(await attempt(at.laptop, { offer: at.offer, code })).toMatchObject({
      code: 'ERR_CODE_KIND',
    })
    await expect(at.laptop.contacts.add(at.offer.code)).rejects.toMatchObject({
      code: 'ERR_CODE_KIND',
    })
    await expectUnlinked(at.world, at.laptop, at.phone)
  })

  test('DEV-13 a code with a wrong secret: ERR_CODE_WRONG_SECRET on both sides, the right one still stands', async () => {
    await using at = await stage()
    const wrong = withOtherSecret(at.offer.code)
    const outcome = await attempt(at.laptop, { offer: at.offer, code: wrong })
    expect(outcome.existing).toEqual(['ERR_CODE_WRONG_SECRET'])
    expect(outcome.fresh).toEqual(['waiting', 'ERR_CODE_WRONG_SECRET', 'waiting'])
    await expectUnlinked(at.world, at.laptop, at.phone)
  })

  test('DEV-13 LNK-3 after 61 s a code has expired, by the clock of the device that shows it', async () => {
    await using at = await stage()
    const old = at.offer.code
    at.world.time.leap(61_000)
    expect(at.offer.code).not.toBe(old)

    const outcome = await attempt(at.laptop, { offer: at.offer, code: old })

    expect(outcome.existing).toEqual(['ERR_CODE_EXPIRED'])
    expect(outcome.fresh).toEqual(['waiting', 'ERR_CODE_EXPIRED', 'waiting'])
    await expectUnlinked(at.world, at.laptop, at.phone)
  })

  test('DEV-11 a code is renewed each 60 s for those who watch', async () => {
    await using at = await stage()
    const { codes } = watch(at.offer)
    for (let minute = 0; minute < 3; minute++) at.world.time.leap(60_000)
    await expect.poll(() => new Set(codes()).size, WAIT).toBe(4)
  })

  test('DEV-13 LNK-4 a code that was used, even for an attempt that was declined, is used', async () => {
    await using at = await stage()
    const { code } = at.offer
    const declined = await attempt(at.laptop, { offer: at.offer, confirm: async () => false })
    expect(declined.existing).toEqual(['seen', 'confirm', 'ERR_LINK_DECLINED'])
    expect(declined.fresh).toEqual(['waiting', 'seen', 'confirm', 'ERR_LINK_DECLINED', 'waiting'])
    expect(at.offer.code).not.toBe(code)

    const again = await attempt(at.laptop, { offer: at.offer, code })
    expect(again.existing).toEqual(['ERR_CODE_USED'])
    await expectUnlinked(at.world, at.laptop, at.phone)
  })

  test('DEV-13 a device that was linked elsewhere: its code is used, and it stays where it is', async () => {
    await using at = await stage()
    const { code } = at.offer
    const ben = await at.world.start('ben', 'tablet')
    await ben.devices.link(code, { confirm: yes })

    await expect(at.laptop.devices.link(code, { confirm: yes })).rejects.toMatchObject({
      code: 'ERR_CODE_USED',
    })
    expect(at.phone.account).toBe(ben.account)
    expect(await namesOf(at.laptop)).toEqual(['laptop'])
  })

  test('DEV-13 LNK-5 five wrong proofs end a code; whoever comes late with it learns why', async () => {
    await using at = await stage()
    const { code } = at.offer
    const { codes } = watch(at.offer)
    for (let proof = 1; proof <= 5; proof++) {
      expect(at.offer.code).toBe(code)
      await attempt(at.laptop, { offer: at.offer, code: withOtherSecret(code) })
    }
    expect(at.offer.code).not.toBe(code)
    await expect.poll(() => codes().at(-1), WAIT).toBe(at.offer.code)
    expect(await attempt(at.laptop, { offer: at.offer, code })).toMatchObject({
      code: 'ERR_LINK_ATTEMPTS',
    })
    expect(await attempt(at.laptop, at)).toMatchObject({ code: undefined })
  })

  test('DEV-13 LNK-10 a ninth device: ERR_LINK_LIMIT on both sides', async () => {
    const names = ['laptop', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8']
    await using world = await createWorld({ ada: names })
    const ninth = await world.newDevice('d9')
    const offer = await ninth.linking.offer()
    const outcome = await attempt(world.device('ada', 'd8'), { offer })
    expect(outcome.existing.at(-1)).toBe('ERR_LINK_LIMIT')
    expect(outcome.fresh.slice(-2)).toEqual(['ERR_LINK_LIMIT', 'waiting'])
    expect(ninth.account).toBeUndefined()
    expect(await namesOf(world.device('ada', 'd8'))).toEqual([...names].sort())
  })

  test('DEV-14 whoever is silent, or talks nonsense, stands in nobody’s way', async () => {
    await using at = await stage()
    const stranger = at.world.stranger()
    const silent = await stranger.open(at.phone.device, LINK)
    const noisy = await stranger.open(at.phone.device, LINK)
    await noisy.send(new Uint8Array(64).fill(7))
    expect(await attempt(at.laptop, at)).toMatchObject({ code: undefined })
    silent.abort(new Error('done'))
  })

  test('DEV-14 while somebody is being linked, others are turned away with a reason', async () => {
    await using at = await stage()
    const { code } = at.offer
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<boolean>()
    const confirm = (): Promise<boolean> => {
      asked.resolve()
      return answer.promise
    }
    const first = attempt(at.laptop, { offer: at.offer, confirm })
    await asked.promise
    const ben = await at.world.start('ben', 'tablet')
    await expect(ben.devices.link(code, { confirm: yes })).rejects.toMatchObject({
      code: 'ERR_CODE_USED',
    })
    answer.resolve(true)
    expect(await first).toMatchObject({ code: undefined })
    expect(at.phone.account).toBe(at.laptop.account)
  })
})

describe('giving up', () => {
  test('DEV-16 before, while and after a person is asked: the caller’s own reason, nothing linked', async () => {
    await using at = await stage()
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(
      at.laptop.devices.link(at.offer.code, { confirm: yes, signal: aborted }),
    ).rejects.toBe(reason)

    const giveUp = new AbortController()
    const confirm = (): Promise<boolean> => {
      giveUp.abort(reason)
      return new Promise(() => undefined)
    }
    const watched = watch(at.offer)
    const { signal } = giveUp
    await expect(at.laptop.devices.link(at.offer.code, { confirm, signal })).rejects.toBe(reason)
    await expect.poll(() => watched.shown.at(-1), WAIT).toBe('waiting')
    await expectUnlinked(at.world, at.laptop, at.phone)
  })

  test('DEV-16 a device nobody can reach: ERR_UNREACHABLE', async () => {
    await using at = await stage()
    const { code } = at.offer
    await at.world.stop(at.phone)
    await expect(at.laptop.devices.link(code, { confirm: yes })).rejects.toMatchObject({
      code: 'ERR_UNREACHABLE',
    })
  })

  test('DEV-15 LNK-11 an attempt that breaks off behind the add is taken up by the next code', async () => {
    await using at = await stage()
    const { hub } = at.world
    const cut = new AbortController()
    at.laptop.addEventListener(
      'device:linked',
      () => hub.partition([[at.laptop.device], [at.phone.device]]),
      { signal: cut.signal },
    )
    const broken = await attempt(at.laptop, at)
    expect(broken.code).toBeDefined()
    expect(broken.fresh.at(-1)).toBe('waiting')
    expect(at.phone.account).toBeUndefined()
    cut.abort()
    hub.heal()

    expect(await attempt(at.laptop, at)).toMatchObject({ code: undefined })
    expect(at.phone.account).toBe(at.laptop.account)
    expect(await namesOf(at.phone)).toEqual(['laptop', 'phone'])
  })
})
