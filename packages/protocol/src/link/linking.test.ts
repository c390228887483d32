import { describe, expect, test } from 'vitest'
import { bent } from '../../test/bent-frame.ts'
import {
  adaAtHome,
  codeOf,
  EPOCH_KEYS,
  type FrameName,
  type Home,
  idOf,
  link,
  raise,
  SNAPSHOT,
  signerOf,
  withDevice,
} from '../../test/two-devices.ts'
import { mergeDeviceLogs } from '../identity/device-log.ts'
import { createRevoke, createSuspend } from '../identity/log-authoring.ts'
import { countBadProof, openCodeLife } from './code-life.ts'
import { answerCode, dialCode } from './code-meeting.ts'
import { MAX_SNAPSHOT_BYTES } from './link-messages.ts'
import {
  answerMeeting,
  dialMeeting,
  type LinkWay,
  nearbyKey,
  nearbyKeyOf,
  readLinkAnswer,
  readReady,
  readReveal,
  revealShare,
  sayReady,
} from './meeting.ts'
import { sealContent } from './sealed-channel.ts'

const WAYS: readonly LinkWay[] = ['link', 'join', 'nearby']

describe('linking', () => {
  test.each(WAYS)(
    'LNK-6 LNK-10 LNK-17 by %s: linked, and both sides have the same log',
    async (way) => {
      const home = await adaAtHome()
      const { phone, laptop, linked, log, life, digits } = await link(home, { way })
      expect([phone, laptop]).toEqual(['done', 'done'])
      expect(digits.phone).toMatch(/^\d{6}$/)
      expect(digits.laptop).toBe(digits.phone)
      expect(linked?.log.head).toEqual(log.head)
      expect(linked?.log.devices.get(idOf(home.laptop))).toMatchObject({
        state: 'in',
        historyAt: 7,
      })
      expect(linked?.epochKeys).toEqual(EPOCH_KEYS)
      expect(linked?.snapshot).toEqual(SNAPSHOT)
      expect(life === home.life).toBe(way === 'nearby')
    },
  )

  test('LNK-9 a snapshot of 1 MiB goes over, a longer one is refused before it is sent', async () => {
    const snapshot = new Uint8Array(MAX_SNAPSHOT_BYTES).fill(5)
    const { linked } = await link(await adaAtHome(), { snapshot })
    expect(Buffer.from(linked?.snapshot ?? []).equals(snapshot)).toBe(true)
    const longer = link(await adaAtHome(), { snapshot: new Uint8Array(MAX_SNAPSHOT_BYTES + 1) })
    await expect(longer).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })

  test('LNK-4 a code is used once', async () => {
    const home = await adaAtHome()
    const { life } = await link(home, { phoneSays: () => 'ERR_LINK_DECLINED' })
    const again = await link(home, { life, code: codeOf(home, home.life) })
    expect([again.phone, again.laptop]).toEqual(['ERR_CODE_USED', 'ERR_CODE_USED'])
    expect(again.life).toBe(life)
    expect((await link(home, { life })).laptop).toBe('done')
  })

  test.each(['link', 'join'] as const)(
    'LNK-3 A6 by %s: a code read at 59.9 s links, at 60 s it does not',
    async (way) => {
      const early = await adaAtHome()
      early.pass(59_900)
      expect((await link(early, { way })).laptop).toBe('done')
      const late = await adaAtHome()
      late.pass(60_000)
      late.turnBack(3_600_000)
      const { phone, laptop, life } = await link(late, { way })
      expect([phone, laptop]).toEqual(['ERR_CODE_EXPIRED', 'ERR_CODE_EXPIRED'])
      expect(life.badProofs).toBe(0)
    },
  )

  test('LNK-5 a wrong secret is refused and counted; the fifth ends the code', async () => {
    const home = await adaAtHome()
    let life = home.life
    const wrong = codeOf(home, { ...home.life, secret: new Uint8Array(16).fill(99) })
    for (let attempt = 1; attempt <= 5; attempt++) {
      const end = await link(home, { life, code: wrong })
      expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
      life = end.life
    }
    const late = await link(home, { life, code: codeOf(home, home.life) })
    expect([late.phone, late.laptop]).toEqual(['ERR_LINK_ATTEMPTS', 'ERR_LINK_ATTEMPTS'])
    expect((await link(home, { life })).laptop).toBe('done')
  })

  test('LNK-5 the id of a code is no proof of its secret', async () => {
    const home = await adaAtHome()
    const end = await link(home, {
      tamper: (name, frame) => (name === 'hello' ? bent(frame, frame.length - 1) : frame),
    })
    expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
    expect(end.life).toEqual(countBadProof(home.life, home.ofLaptop))
  })

  const DECLINES = [
    'ERR_LINK_DECLINED',
    'ERR_LINK_DIGITS',
    'ERR_LINK_FAR',
    'ERR_LINK_TIMEOUT',
    'ERR_LINK_BUSY',
  ] as const

  test.each(WAYS.flatMap((way) => DECLINES.map((code) => [way, code] as const)))(
    'LNK-9 by %s: %s of either side is told to the other',
    async (way, code) => {
      const home = await adaAtHome()
      const byPhone = await link(home, { way, phoneSays: () => code })
      expect([byPhone.phone, byPhone.laptop]).toEqual([code, code])
      const life = openCodeLife(home.ofLaptop)
      const byLaptop = await link(home, { way, life, laptopSays: () => code })
      expect([byLaptop.phone, byLaptop.laptop]).toEqual([code, code])
      expect([byPhone.log, byLaptop.log]).toEqual([home.log, home.log])
      expect(byPhone.linked ?? byLaptop.linked).toBeUndefined()
    },
  )

  test('LNK-10 an account with 8 devices takes in no ninth', async () => {
    const home = await adaAtHome()
    let { log } = home
    for (const number of [11, 12, 13, 14, 15, 16, 17])
      log = await withDevice(log, home.phone, signerOf(number))
    const end = await link(home, { log })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_LIMIT', 'ERR_LINK_LIMIT'])
    expect(end.log).toBe(log)
  })

  test('LNK-10 a device whose key was revoked is not linked again', async () => {
    const home = await adaAtHome()
    const { log } = await link(home)
    const standing = log.devices.get(idOf(home.laptop))
    const author = idOf(home.phone)
    const prev = log.devices.get(author)?.lastEntry
    if (standing === undefined || prev === undefined) throw new Error('both are in')
    const draft = { account: log.account, author, prev, target: standing.addedBy, at: 2 }
    const without = mergeDeviceLogs(log, [await createRevoke(draft, home.phone)])
    const life = openCodeLife(home.ofLaptop)
    const end = await link(home, { life, log: without })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_REVOKED', 'ERR_LINK_REVOKED'])
  })

  test('LNK-11 a link that broke off behind the add is taken up by another code', async () => {
    const home = await adaAtHome()
    const cut = await link(home, {
      tamper: (name, frame) => (name === 'grant' ? bent(frame, 50) : frame),
    })
    expect([cut.phone, cut.laptop]).toEqual(['ERR_LINK_SEAL', 'ERR_LINK_SEAL'])
    expect(cut.log.devices.get(idOf(home.laptop))?.state).toBe('in')
    const again = await link(home, { life: cut.life, log: cut.log })
    expect([again.phone, again.laptop]).toEqual(['done', 'done'])
    expect(again.log).toBe(cut.log)
    expect(again.linked?.log.head).toEqual(cut.log.head)
  })

  test('LNK-10 a suspended device is to be readmitted, not linked anew', async () => {
    const home = await adaAtHome()
    const { log } = await link(home)
    const target = log.devices.get(idOf(home.laptop))?.addedBy ?? raise()
    const { lastEntry: prev } = log.devices.get(log.first) ?? raise()
    const draft = { account: log.account, author: log.first, prev, target, at: 2 }
    const suspend = await createSuspend({ ...draft, reason: 'lost' }, home.phone)
    const without = mergeDeviceLogs(log, [suspend])
    const end = await link(home, { life: openCodeLife(home.ofLaptop), log: without })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_SUSPENDED', 'ERR_LINK_SUSPENDED'])
    expect(end.log).toBe(without)
  })

  test('LNK-20 a temporary device ends, and has no right to link', async () => {
    const home = await adaAtHome()
    const expiresAt = home.ofPhone.clock.now() + 3_600_000
    const { log, laptop } = await link(home, { terms: { expiresAt } })
    expect(laptop).toBe('done')
    const standing = log.devices.get(idOf(home.laptop))
    expect(standing).toMatchObject({ rights: { link: false }, expiresAt })
  })

  test('LNK-20 a device that ends links no other, whatever its rights say', async () => {
    const home = await adaAtHome()
    const guest = signerOf(70)
    const expiresAt = home.ofPhone.clock.now() + 3_600_000
    const log = await withDevice(home.log, home.phone, guest, { expiresAt })
    const end = await link(home, { log, author: guest })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_RIGHT', 'ERR_LINK_RIGHT'])
  })

  test('LNK-11 LNK-20 what broke off is taken up with no more than is meant now', async () => {
    const cutAt = (name: FrameName, frame: Uint8Array): Uint8Array =>
      name === 'grant' ? bent(frame, 50) : frame
    const home = await adaAtHome()
    const soon = home.ofPhone.clock.now() + 3_600_000
    const forGood = await link(home, { tamper: cutAt })
    const asSession = await link(home, {
      life: forGood.life,
      log: forGood.log,
      terms: { expiresAt: soon },
    })
    expect([asSession.phone, asSession.laptop]).toEqual(['ERR_LINK_ALREADY', 'ERR_LINK_ALREADY'])

    const other = await adaAtHome()
    const session = await link(other, { terms: { expiresAt: soon }, tamper: cutAt })
    expect((await link(other, { life: session.life, log: session.log })).laptop).toBe('done')
    other.pass(3_600_000)
    const life = openCodeLife(other.ofLaptop)
    const late = await link(other, { life, log: session.log })
    expect([late.phone, late.laptop]).toEqual(['ERR_LINK_REVOKED', 'ERR_LINK_REVOKED'])
  })

  test('LNK-10 the first device is not linked to its own account', async () => {
    const home = await adaAtHome()
    const swapped: Home = { ...home, laptop: home.phone }
    const log = await withDevice(home.log, home.phone, home.laptop)
    const end = await link(swapped, { log, author: home.laptop })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_ALREADY', 'ERR_LINK_ALREADY'])
  })
})

describe('A3 LNK-16 a code for one role proves nothing in the other', () => {
  test('the same secret, read as the other kind: refused on both sides', async () => {
    const home = await adaAtHome()
    const description = { name: 'Laptop', kind: 'cli' }
    const code = codeOf(home, home.life)
    const { send } = dialCode({ code, self: idOf(home.phone), description }, home.ofPhone)
    const ends = { self: idOf(home.laptop), peer: idOf(home.phone) }
    const answering = { way: 'join', ...ends, description, life: home.life } as const
    expect(answerCode(answering, send, home.ofLaptop)).toMatchObject({
      kind: 'refused',
      code: 'ERR_CODE_WRONG_SECRET',
    })
  })
})

test('LNK-19 anything but the word that it is ready breaks the order', async () => {
  const { phone, laptop, ofPhone, ofLaptop } = await adaAtHome()
  const [self, peer] = [idOf(phone), idOf(laptop)]
  const description = { name: 'D', kind: 'cli' }
  const dialling = { way: 'nearby', key: nearbyKey(), self, peer, description } as const
  const dialled = dialMeeting(dialling, ofPhone.rng)
  const ends = { self: peer, peer: self }
  const answering = { way: 'nearby', ...ends, keyOf: nearbyKeyOf, description } as const
  const answered = answerMeeting(answering, dialled.send, ofLaptop.rng)
  if (answered.kind === 'refused') throw new Error(answered.code)
  const read = readLinkAnswer(dialled.state, answered.send, ofPhone)
  if (read.kind === 'refused') throw new Error(read.code)
  const met = revealShare(read.state, ofPhone)
  const there = readReveal(answered.state, met.send, ofLaptop)
  if (there.kind === 'refused') throw new Error(there.code)
  expect(readReady(met.state, sayReady(there.state, ofLaptop).send, ofPhone).kind).toBe('ready')
  const { send } = sealContent(there.state.channel, Uint8Array.of(1), ofLaptop.rng)
  expect(readReady(met.state, send, ofPhone)).toMatchObject({ code: 'ERR_LINK_ORDER' })
})
