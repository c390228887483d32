import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Environment, Rng } from '../environment.ts'
import { type DeviceLogState, mergeDeviceLogs, reduceDeviceLog } from '../identity/device-log.ts'
import { type Signer, signerFromSeed } from '../identity/keys.ts'
import {
  countersignAdd,
  createGenesis,
  createRevoke,
  draftAdd,
  signAdd,
} from '../identity/log-authoring.ts'
import { type AddBody, accountIdOfGenesis, deviceLogCodec } from '../identity/log-entry.ts'
import { accountIdFromBytes, type DeviceId, deviceIdFromPublicKey } from '../ids.ts'
import { type CodeLife, countBadProof, openCodeLife } from './code-life.ts'
import { MAX_LINK_FRAME_BYTES } from './frame.ts'
import type { LinkCode } from './link-code.ts'
import { grantCodec, MAX_SNAPSHOT_BYTES, proposalCodec } from './link-messages.ts'
import { agreeToLink, answerLink, type Linked, readLinkGrant } from './linking-answerer.ts'
import {
  confirmLink,
  declineLink,
  dialLink,
  grantLink,
  readLinkAgreement,
  readLinkAnswer,
  readLinkDone,
} from './linking-dialler.ts'
import { sealContent } from './sealed-channel.ts'

const signerOf = (number: number): Signer => signerFromSeed(new Uint8Array(32).fill(number))
const idOf = (signer: Signer): DeviceId => deviceIdFromPublicKey(signer.publicKey)

/** Random bytes that are the same in every run. */
function seededRng(seed: string): Rng {
  let drawn = 0
  return {
    bytes: (length) => {
      drawn += 1
      const hash = createHash('shake256', { outputLength: length })
      return Uint8Array.from(hash.update(`${seed} ${drawn}`).digest())
    },
  }
}

/** Ada's phone, in an account of its own, and her new laptop, which shows a code. */
async function adaAtHome() {
  const [root, phone, laptop] = [signerOf(1), signerOf(2), signerOf(3)]
  let monotonic = 1_000
  const clock = { now: () => 1_700_000_000_000, monotonic: () => monotonic }
  const ofPhone: Environment = { clock, rng: seededRng('phone') }
  const ofLaptop: Environment = { clock, rng: seededRng('laptop') }
  const recoveryKey = new Uint8Array(1216)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
  const log = reduceDeviceLog(accountIdOfGenesis(genesis), [genesis])
  const life = openCodeLife(ofLaptop)
  const pass = (ms: number): void => {
    monotonic += ms
  }
  return { phone, laptop, ofPhone, ofLaptop, log, life, pass }
}

type Home = Awaited<ReturnType<typeof adaAtHome>>

const codeOf = ({ laptop }: Home, { secret }: CodeLife): LinkCode => ({
  kind: 'link-code',
  device: idOf(laptop),
  secret,
  addresses: [],
})

type FrameName = 'hello' | 'answer' | 'proposal' | 'agreement' | 'grant' | 'done'

/** What may go otherwise than it should. */
interface Otherwise {
  readonly code?: LinkCode
  readonly life?: CodeLife
  readonly log?: DeviceLogState
  readonly author?: Signer
  readonly snapshot?: Uint8Array
  /** What Noise tells the laptop of who dials. */
  readonly dialler?: DeviceId
  readonly decline?: 'ERR_LINK_DECLINED' | 'ERR_LINK_FAR'
  /** What arrives instead of a frame. `sent`: all frames so far by name. */
  readonly tamper?: (
    name: FrameName,
    frame: Uint8Array,
    sent: Map<FrameName, Uint8Array>,
  ) => Uint8Array
}

interface End {
  /** How it ended on each side: a refusal's code, or `done`. */
  readonly phone: string
  readonly laptop: string
  readonly life: CodeLife
  readonly log: DeviceLogState
  readonly linked?: Linked
}

/** Links the laptop, with both sides in one place, and tells how it ended for each. */
async function link(home: Home, otherwise: Otherwise = {}): Promise<End> {
  const { ofPhone, ofLaptop, laptop } = home
  const { log = home.log, author = home.phone, tamper = (_, frame) => frame } = otherwise
  const { snapshot = SNAPSHOT } = otherwise
  const sent = new Map<FrameName, Uint8Array>()
  const carry = (name: FrameName, frame: Uint8Array): Uint8Array => {
    sent.set(name, frame)
    expect(frame.length).toBeLessThanOrEqual(MAX_LINK_FRAME_BYTES)
    return tamper(name, frame, sent)
  }
  const [self, peer] = [idOf(laptop), otherwise.dialler ?? idOf(author)]
  const before = otherwise.life ?? home.life
  const description = { name: 'Laptop', kind: 'cli' }

  const dialled = dialLink(
    { code: otherwise.code ?? codeOf(home, before), self: idOf(author) },
    ofPhone,
  )
  const hello = carry('hello', dialled.send)
  const answered = answerLink({ self, peer, description, life: before }, hello, ofLaptop)
  const { life } = answered
  if (answered.kind === 'refused') {
    const told = readLinkAnswer(dialled.state, answered.send ?? new Uint8Array(), ofPhone)
    return { phone: ending(told), laptop: answered.code, life, log }
  }
  const seen = readLinkAnswer(dialled.state, carry('answer', answered.send), ofPhone)
  if (seen.kind === 'refused') {
    const agreeing = { signer: laptop, card: CARD, rng: ofLaptop.rng }
    const told = await agreeToLink(answered.state, seen.send ?? new Uint8Array(), agreeing)
    return { phone: seen.code, laptop: ending(told), life, log }
  }
  expect(seen.description).toEqual(description)
  const terms = { log, author, rights: { link: true }, historyAt: 7 }
  const proposed =
    otherwise.decline === undefined
      ? confirmLink(seen.state, terms, ofPhone)
      : declineLink(seen.state, otherwise.decline, ofPhone)
  const proposal = proposed.kind === 'refused' ? proposed.send : carry('proposal', proposed.send)
  const agreeing = { signer: laptop, card: CARD, rng: ofLaptop.rng }
  const agreed = await agreeToLink(answered.state, proposal ?? new Uint8Array(), agreeing)
  if (proposed.kind === 'refused') {
    return { phone: proposed.code, laptop: ending(agreed), life, log }
  }
  const agreement = agreed.kind === 'refused' ? agreed.send : carry('agreement', agreed.send)
  const taken = await readLinkAgreement(proposed.state, agreement ?? new Uint8Array(), ofPhone)
  if (agreed.kind === 'refused') return { phone: ending(taken), laptop: agreed.code, life, log }
  if (taken.kind === 'refused') {
    const told = readLinkGrant(agreed.state, taken.send ?? new Uint8Array(), ofLaptop)
    return { phone: taken.code, laptop: ending(told), life, log }
  }
  expect(taken.card).toEqual(CARD)
  const granted = grantLink(taken.state, { epochKeys: EPOCH_KEYS, snapshot }, ofPhone)
  const linked = readLinkGrant(agreed.state, carry('grant', granted.send), ofLaptop)
  const last = linked.kind === 'refused' ? linked.send : carry('done', linked.send)
  const done = readLinkDone(granted.state, last ?? new Uint8Array(), ofPhone)
  const end = { phone: ending(done), laptop: ending(linked), life, log: taken.log }
  return linked.kind === 'refused' ? end : { ...end, linked }
}

const CARD = Uint8Array.of(1, 2, 3)
const EPOCH_KEYS = new Uint8Array(40).fill(4)
const SNAPSHOT = new Uint8Array(600).fill(5)

function ending(outcome: { readonly kind: string; readonly code?: string }): string {
  if (outcome.kind === 'refused') return outcome.code ?? 'no code'
  return outcome.kind === 'linked' || outcome.kind === 'done' ? 'done' : `went on: ${outcome.kind}`
}

function bent(frame: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(frame)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

describe('linking', () => {
  test('LNK-6 LNK-10 a device is linked, and both sides have the same log', async () => {
    const home = await adaAtHome()
    const { phone, laptop, linked, log, life } = await link(home)
    expect([phone, laptop]).toEqual(['done', 'done'])
    expect(linked?.log.head).toEqual(log.head)
    expect(linked?.log.devices.get(idOf(home.laptop))).toMatchObject({ state: 'in', historyAt: 7 })
    expect(linked?.epochKeys).toEqual(EPOCH_KEYS)
    expect(linked?.snapshot).toEqual(SNAPSHOT)
    expect(life.secret).not.toEqual(home.life.secret)
  })

  test('LNK-9 a snapshot of 1 MiB goes over, a longer one is refused before it is sent', async () => {
    const snapshot = new Uint8Array(MAX_SNAPSHOT_BYTES).fill(5)
    const { linked } = await link(await adaAtHome(), { snapshot })
    expect(Buffer.from(linked?.snapshot ?? []).equals(snapshot)).toBe(true)
    const longer = link(await adaAtHome(), { snapshot: new Uint8Array(MAX_SNAPSHOT_BYTES + 1) })
    await expect(longer).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })

  test('LNK-4 a code is used once', async () => {
    const home = await adaAtHome()
    const { life } = await link(home, { decline: 'ERR_LINK_DECLINED' })
    const again = await link(home, { life, code: codeOf(home, home.life) })
    expect([again.phone, again.laptop]).toEqual(['ERR_CODE_USED', 'ERR_CODE_USED'])
    expect(again.life).toBe(life)
    expect((await link(home, { life })).laptop).toBe('done')
  })

  test('LNK-3 A6 a code read at 59.9 s links, at 60 s it does not', async () => {
    const early = await adaAtHome()
    early.pass(59_900)
    expect((await link(early)).laptop).toBe('done')
    const late = await adaAtHome()
    late.pass(60_000)
    const { phone, laptop, life } = await link(late)
    expect([phone, laptop]).toEqual(['ERR_CODE_EXPIRED', 'ERR_CODE_EXPIRED'])
    expect(life.badProofs).toBe(0)
  })

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

  test.each(['ERR_LINK_DECLINED', 'ERR_LINK_FAR'] as const)(
    'LNK-9 %s is told to the other side',
    async (decline) => {
      const { phone, laptop } = await link(await adaAtHome(), { decline })
      expect([phone, laptop]).toEqual([decline, decline])
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

  test('LNK-10 the first device is not linked to its own account', async () => {
    const home = await adaAtHome()
    const swapped: Home = { ...home, laptop: home.phone }
    const log = await withDevice(home.log, home.phone, home.laptop)
    const end = await link(swapped, { log, author: home.laptop })
    expect([end.phone, end.laptop]).toEqual(['ERR_LINK_ALREADY', 'ERR_LINK_ALREADY'])
  })
})

async function withDevice(
  log: DeviceLogState,
  author: Signer,
  device: Signer,
  rights = { link: true },
): Promise<DeviceLogState> {
  const prev = log.devices.get(idOf(author))?.lastEntry
  if (prev === undefined) throw new Error('the author is in')
  const add = draftAdd({
    account: log.account,
    author: idOf(author),
    prev,
    device: idOf(device),
    rights,
    historyAt: 0,
    at: 0,
  })
  return mergeDeviceLogs(log, [await signAdd(add, author, await countersignAdd(add, device))])
}

describe('attacks on linking: refused on both sides, nothing kept', () => {
  const NAMES: readonly FrameName[] = ['hello', 'answer', 'proposal', 'agreement', 'grant', 'done']

  test.each(NAMES)('LNK-7 LNK-8 any bit of the %s changed', async (name) => {
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

  test.each(NAMES)('LNK-7 the %s cut short, empty, or followed by a byte', async (name) => {
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
    for (const name of ['hello', 'answer', 'proposal', 'agreement', 'grant'] as const) {
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
    const theirs = dialLink(
      {
        code: codeOf(other, { ...other.life, secret: new Uint8Array(16) }),
        self: idOf(other.phone),
      },
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
    const log = await withDevice(home.log, home.phone, guest, { link: false })
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
    const dialled = dialLink({ code: codeOf(home, life), self: idOf(dialler) }, mallory)
    const ends = { self: idOf(laptop), peer: idOf(dialler) }
    const description = { name: 'Laptop', kind: 'cli' }
    const answered = answerLink({ ...ends, description, life }, dialled.send, ofLaptop)
    if (answered.kind === 'refused') throw new Error(answered.code)
    const seen = readLinkAnswer(dialled.state, answered.send, mallory)
    if (seen.kind === 'refused') throw new Error(seen.code)
    const proposal = { account: log.account, log: deviceLogCodec.encode(log.entries), add }
    const sealed = sealContent(seen.state.channel, proposalCodec.encode(proposal), mallory.rng)
    const agreeing = { signer: laptop, card: CARD, rng: ofLaptop.rng }
    const agreed = await agreeToLink(answered.state, sealed.send, agreeing)
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
      [guest, await withDevice(log, home.phone, guest, { link: false })],
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

function raise(): never {
  throw new Error('not in the log')
}

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
