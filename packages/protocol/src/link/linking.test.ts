import { describe, expect, test } from 'vitest'
import {
  adaAtHome,
  CARD,
  codeOf,
  EPOCH_KEYS,
  FRAMES,
  type FrameName,
  type Home,
  idOf,
  link,
  raise,
  SNAPSHOT,
  seededRng,
  signerOf,
  withDevice,
} from '../../test/two-devices.ts'
import { type DeviceLogState, mergeDeviceLogs } from '../identity/device-log.ts'
import type { Signer } from '../identity/keys.ts'
import { createRevoke, createSuspend, draftAdd, signAdd } from '../identity/log-authoring.ts'
import { type AddBody, deviceLogCodec } from '../identity/log-entry.ts'
import { accountIdFromBytes } from '../ids.ts'
import { countBadProof, openCodeLife } from './code-life.ts'
import { answerCode, dialCode } from './code-meeting.ts'
import { agreeToLink, readLinkGrant } from './joining.ts'
import { grantCodec, MAX_SNAPSHOT_BYTES, proposalCodec } from './link-messages.ts'
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

function bent(frame: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(frame)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

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

describe('attacks on linking: refused on both sides, nothing kept', () => {
  test.each(FRAMES)('LNK-7 LNK-8 any bit of the %s changed', async (name) => {
    const codes = new Set<string>()
    for (let place = 0; place < 1; place += 0.04) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame) =>
          at === name ? bent(frame, Math.floor(place * frame.length)) : frame,
      })
      // The last frame: the laptop is linked and said so, the phone cannot tell.
      expect(end.laptop === 'done').toBe(name === 'done')
      expect(end.phone).not.toBe('done')
      codes.add(end.phone)
    }
    const known = [
      'ERR_CODE_WRONG_SECRET',
      'ERR_LINK_ORDER',
      'ERR_LINK_SEAL',
      'ERR_MALFORMED',
      'ERR_SUITE_UNKNOWN',
    ]
    expect([...codes].filter((code) => !known.includes(code))).toEqual([])
  })

  test.each(FRAMES)('LNK-7 the %s cut short, empty, or followed by a byte', async (name) => {
    for (const change of [
      (frame: Uint8Array) => frame.subarray(0, -1),
      () => new Uint8Array(),
      (frame: Uint8Array) => Uint8Array.of(...frame.subarray(0, 60), 0),
    ]) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame) => (at === name ? change(frame) : frame),
      })
      expect(end.phone).toMatch(/^ERR_(MALFORMED|LINK_SEAL)$/)
      expect(end.laptop === 'done').toBe(name === 'done')
    }
  })

  test('LNK-8 messages sent back to their maker', async () => {
    const back: Readonly<Record<string, FrameName>> = {
      answer: 'hello',
      ready: 'reveal',
      agreement: 'proposal',
      done: 'grant',
    }
    for (const [name, source] of Object.entries(back)) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame, sent) => (at === name ? (sent.get(source) ?? frame) : frame),
      })
      expect(end.phone).toBe(name === 'answer' ? 'ERR_LINK_ORDER' : 'ERR_LINK_SEAL')
    }
  })

  test('LNK-8 messages out of their order, or of an earlier attempt', async () => {
    const home = await adaAtHome()
    const earlier = new Map<FrameName, Uint8Array>()
    const { life } = await link(home, {
      tamper: (name, frame) => {
        earlier.set(name, frame)
        return frame
      },
    })
    for (const name of FRAMES.filter((frame) => frame !== 'done')) {
      const end = await link(home, {
        life: name === 'hello' ? life : openCodeLife(home.ofLaptop),
        tamper: (at, frame) => (at === name ? (earlier.get(name) ?? frame) : frame),
      })
      const code = { hello: 'ERR_CODE_USED', answer: 'ERR_CODE_WRONG_SECRET' }
      expect(end.phone).toBe(name === 'hello' || name === 'answer' ? code[name] : 'ERR_LINK_SEAL')
      expect(end.laptop).toBe(end.phone)
    }
    const swapped = await link(home, {
      life: openCodeLife(home.ofLaptop),
      tamper: (at, frame, sent) => (at === 'grant' ? (sent.get('proposal') ?? frame) : frame),
    })
    expect([swapped.phone, swapped.laptop]).toEqual(['ERR_LINK_SEAL', 'ERR_LINK_SEAL'])
  })

  test('LNK-7 ephemeral keys swapped for those of somebody between', async () => {
    const other = await adaAtHome()
    const code = codeOf(other, { ...other.life, secret: new Uint8Array(16) })
    const theirs = dialCode(
      { code, self: idOf(other.phone), description: { name: 'M', kind: 'cli' } },
      { ...other.ofPhone, rng: seededRng('mallory') },
    ).send
    for (const name of ['hello', 'answer'] as const) {
      const end = await link(await adaAtHome(), {
        tamper: (at, frame) => (at === name ? withEphemeralOf(frame, theirs, name) : frame),
      })
      expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
    }
  })

  test('LNK-6 the hello of one device, carried to the laptop by another', async () => {
    const home = await adaAtHome()
    const end = await link(home, { dialler: idOf(signerOf(77)) })
    expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
    expect(end.life.badProofs).toBe(1)
  })

  test('LNK-6 the hello to one device, carried to another that shows the same secret', async () => {
    const home = await adaAtHome()
    const other = idOf(signerOf(78))
    const end = await link(home, { code: { ...codeOf(home, home.life), device: other } })
    expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
  })

  test('A1 LNK-10 whoever may not link is told before the new device hears of the account', async () => {
    const home = await adaAtHome()
    const guest = signerOf(79)
    const log = await withDevice(home.log, home.phone, guest, { rights: { link: false } })
    const forked = await withDevice(log, home.phone, signerOf(80))
    const clone = await withDevice(log, home.phone, signerOf(81))
    for (const otherwise of [
      { log, author: guest },
      { log, author: signerOf(82) },
      { log: mergeDeviceLogs(forked, clone.entries), author: home.phone },
    ]) {
      const end = await link(home, otherwise)
      expect([end.phone, end.laptop]).toEqual(['ERR_LINK_RIGHT', 'ERR_LINK_RIGHT'])
    }
  })

  test('LNK-10 a device does not link itself', async () => {
    const home = await adaAtHome()
    const log = await withDevice(home.log, home.phone, home.laptop)
    const end = await link(home, { log, author: home.laptop })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_ALREADY', 'ERR_LINK_ALREADY'])
  })
})

describe('A1 LNK-10 somebody who has the secret proposes what the new device must not agree to', () => {
  /** Dials with the right secret and proposes anything; tells what the laptop says to it. */
  async function propose(home: Home, dialler: Signer, log: DeviceLogState, add: Uint8Array) {
    const { ofPhone: mallory, ofLaptop, laptop, life } = home
    const description = { name: 'Laptop', kind: 'cli' }
    const code = codeOf(home, life)
    const dialled = dialCode({ code, self: idOf(dialler), description }, mallory)
    const ends = { self: idOf(laptop), peer: idOf(dialler) }
    const answering = { way: 'link', ...ends, description, life } as const
    const answered = answerCode(answering, dialled.send, ofLaptop)
    if (answered.kind === 'refused') throw new Error(answered.code)
    const seen = readLinkAnswer(dialled.state, answered.send, mallory)
    if (seen.kind === 'refused') throw new Error(seen.code)
    const revealed = revealShare(seen.state, mallory)
    const met = readReveal(answered.state, revealed.send, ofLaptop)
    if (met.kind === 'refused') throw new Error(met.code)
    const proposal = { account: log.account, log: deviceLogCodec.encode(log.entries), add }
    const { channel } = revealed.state
    const sealed = sealContent(channel, proposalCodec.encode(proposal), mallory.rng)
    const agreeing = { signer: laptop, card: CARD, rng: ofLaptop.rng }
    const agreed = await agreeToLink(sayReady(met.state, ofLaptop).state, sealed.send, agreeing)
    return {
      agreed,
      grant: (content: Uint8Array) => sealContent(sealed.channel, content, mallory.rng).send,
    }
  }

  async function adaWithTablet() {
    const home = await adaAtHome()
    const tablet = signerOf(90)
    return { home, tablet, log: await withDevice(home.log, home.phone, tablet) }
  }

  const addTo = (
    log: DeviceLogState,
    author: Signer,
    device: Signer,
    changes: Partial<AddBody> = {},
  ) =>
    draftAdd({
      account: log.account,
      author: idOf(author),
      prev:
        log.devices.get(idOf(author))?.lastEntry ?? log.devices.get(log.first)?.addedBy ?? raise(),
      device: idOf(device),
      rights: { link: true },
      historyAt: 0,
      at: 0,
      ...changes,
    })

  test('by the dialler, behind its last entry, of this device and account: agreed', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const { agreed } = await propose(home, tablet, log, addTo(log, tablet, home.laptop))
    expect(agreed.kind).toBe('agreed')
  })

  test('not by the dialler, not behind its last entry, not of this device, not an add', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const more = await withDevice(log, tablet, signerOf(91))
    const target = log.devices.get(idOf(tablet))?.addedBy ?? raise()
    const revoke = await createRevoke(
      { account: log.account, author: idOf(tablet), prev: target, target, at: 0 },
      tablet,
    )
    const elsewhere = accountIdFromBytes(new Uint8Array(32))
    for (const add of [
      addTo(log, home.phone, home.laptop),
      addTo(log, home.phone, home.laptop, {
        prev: more.devices.get(idOf(tablet))?.lastEntry ?? raise(),
      }),
      addTo(log, tablet, home.laptop),
      addTo(more, tablet, signerOf(92)),
      addTo(more, tablet, home.laptop, { account: elsewhere }),
      revoke.body,
      new Uint8Array(10),
    ]) {
      const { agreed } = await propose(home, tablet, more, add)
      expect(agreed).toMatchObject({ kind: 'refused', code: 'ERR_LINK_ACCOUNT' })
    }
  })

  test('by a device that is revoked, unknown, or may not link', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const [target, prev] = [
      log.devices.get(idOf(tablet))?.addedBy,
      log.devices.get(log.first)?.lastEntry,
    ]
    const draft = { account: log.account, author: log.first, at: 0 }
    const revoke = await createRevoke(
      { ...draft, prev: prev ?? raise(), target: target ?? raise() },
      home.phone,
    )
    const guest = signerOf(93)
    for (const [dialler, its] of [
      [tablet, mergeDeviceLogs(log, [revoke])],
      [signerOf(94), log],
      [guest, await withDevice(log, home.phone, guest, { rights: { link: false } })],
    ] as const) {
      const { agreed } = await propose(home, dialler, its, addTo(its, dialler, home.laptop))
      expect(agreed).toMatchObject({ kind: 'refused', code: 'ERR_LINK_ACCOUNT' })
    }
  })

  test('ID-9 an add of a suite of tomorrow', async () => {
    const { home, tablet, log } = await adaWithTablet()
    const add = addTo(log, tablet, home.laptop)
    add[1] = 2
    const { agreed } = await propose(home, tablet, log, add)
    expect(agreed).toMatchObject({ kind: 'refused', code: 'ERR_SUITE_UNKNOWN' })
  })

  test('a ninth device finds out itself, with whatever the dialler says', async () => {
    const { home, tablet, log } = await adaWithTablet()
    let full = log
    for (const number of [11, 12, 13, 14, 15, 16])
      full = await withDevice(full, home.phone, signerOf(number))
    const add = addTo(full, tablet, home.laptop)
    const { agreed, grant } = await propose(home, tablet, full, add)
    if (agreed.kind === 'refused') throw new Error(agreed.code)
    const { signature } = await signAdd(add, tablet, new Uint8Array(64))
    const frame = grant(grantCodec.encode({ signature, epochKeys: EPOCH_KEYS, snapshot: SNAPSHOT }))
    const linked = readLinkGrant(agreed.state, frame, home.ofLaptop)
    expect(linked).toMatchObject({ kind: 'refused', code: 'ERR_LINK_LIMIT' })
  })

  test('an add that is never signed, also to a device that is in the account by another', async () => {
    const { home, tablet, log } = await adaWithTablet()
    for (const its of [log, await withDevice(log, home.phone, home.laptop)]) {
      const add = addTo(its, tablet, home.laptop)
      const { agreed, grant } = await propose(home, tablet, its, add)
      if (agreed.kind === 'refused') throw new Error(agreed.code)
      const signature = new Uint8Array(64)
      const frame = grant(
        grantCodec.encode({ signature, epochKeys: EPOCH_KEYS, snapshot: SNAPSHOT }),
      )
      const linked = readLinkGrant(agreed.state, frame, home.ofLaptop)
      expect(linked).toMatchObject({ kind: 'refused', code: 'ERR_LINK_ACCOUNT' })
    }
  })
})

/** The frame with the ephemeral key of another hello in place of its own. */
function withEphemeralOf(
  frame: Uint8Array,
  other: Uint8Array,
  name: 'hello' | 'answer',
): Uint8Array {
  const keyIn = (bytes: Uint8Array): number => {
    // Behind the marks of two byte strings of 32 bytes: nonce, then ephemeral.
    const marks = [...bytes.keys()].filter((at) => bytes[at] === 0x58 && bytes[at + 1] === 32)
    return (marks[1] ?? raise()) + 2
  }
  const copy = Uint8Array.from(frame)
  const from = keyIn(other)
  expect(name === 'hello' || name === 'answer').toBe(true)
  copy.set(other.subarray(from, from + 32), keyIn(frame))
  return copy
}

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
