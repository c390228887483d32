import { describe, expect, test } from 'vitest'
import { adaAtHome, codeOf, idOf, link, seededRng, signerOf } from '../../test/two-devices.ts'
import type { Environment } from '../environment.ts'
import type { DeviceId } from '../ids.ts'
import { linkCodeId, linkCodeKey, openCodeLife } from './code-life.ts'
import { answerCode, dialCode } from './code-meeting.ts'
import {
  answerMeeting,
  dialMeeting,
  type LinkMet,
  type LinkWay,
  nearbyKey,
  nearbyKeyOf,
  readLinkAnswer,
  readReveal,
  revealShare,
} from './meeting.ts'
import type { Refused } from './refusal.ts'

const WAYS: readonly LinkWay[] = ['link', 'join', 'nearby']
const ATTEMPTS = 100
/** In each of the three ways: a hundred in all. */
const HONEST = 34
const description = { name: 'Laptop', kind: 'cli' }

function expectGoingOn<T extends { readonly kind: string }>(
  outcome: T | Refused,
): Exclude<T, Refused> {
  if (outcome.kind === 'refused') throw new Error('code' in outcome ? outcome.code : 'refused')
  return outcome as Exclude<T, Refused>
}

/**
 * Ada's two devices and Mallory, who has photographed every code, shows her own in its place, and decides
 * who reaches whom. What she cannot do is speak under another key than hers: Noise says who is there.
 */
interface Stage {
  readonly way: LinkWay
  /** The honest device that dials, and the one that answers. */
  readonly dialler: { readonly id: DeviceId; readonly environment: Environment }
  readonly answerer: { readonly id: DeviceId; readonly environment: Environment }
  readonly mallory: { readonly id: DeviceId; readonly environment: Environment }
  /** Of the code the answerer shows, and of the code Mallory shows the dialler. */
  readonly genuine: Uint8Array
  readonly forged: Uint8Array
}

function stageOf(way: LinkWay, seed: string): Stage {
  const clock = { now: () => 1_700_000_000_000, monotonic: () => 1_000 }
  const environmentOf = (name: string): Environment => ({
    clock,
    rng: seededRng(`${name} ${seed}`),
  })
  const existing = { id: idOf(signerOf(2)), environment: environmentOf('phone') }
  const fresh = { id: idOf(signerOf(3)), environment: environmentOf('laptop') }
  const [dialler, answerer] = way === 'join' ? [fresh, existing] : [existing, fresh]
  const environment = environmentOf('mallory')
  const mallory = { id: idOf(signerOf(66)), environment }
  const genuine = openCodeLife(answerer.environment).secret
  return { way, dialler, answerer, mallory, genuine, forged: openCodeLife(environment).secret }
}

const keyFor = (way: LinkWay, secret: Uint8Array) => {
  const key = linkCodeKey(secret)
  return way === 'nearby' ? nearbyKey() : { key, id: linkCodeId(key) }
}

/** The dialler reads Mallory's code: what it then shows. `answers`: how many answers she tries in silence. */
function answerTheDialler(stage: Stage, answers: number): LinkMet {
  const { way, dialler, mallory, forged } = stage
  const dialled = dialMeeting(
    { way, key: keyFor(way, forged), self: dialler.id, peer: mallory.id, description },
    dialler.environment.rng,
  )
  let answer: Uint8Array | undefined
  for (let tried = 0; tried < answers; tried++) {
    const keyOf = way === 'nearby' ? nearbyKeyOf : () => linkCodeKey(forged)
    const answering = { way, self: mallory.id, peer: dialler.id, keyOf, description }
    answer = expectGoingOn(answerMeeting(answering, dialled.send, mallory.environment.rng)).send
  }
  const read = readLinkAnswer(dialled.state, answer ?? new Uint8Array(), dialler.environment)
  return revealShare(expectGoingOn(read).state, dialler.environment).state
}

/** Mallory dials the answerer with the photographed code: what it then shows. */
function dialTheAnswerer(stage: Stage): LinkMet {
  const { way, answerer, mallory, genuine } = stage
  const { id: self, environment } = mallory
  const dialling = { way, key: keyFor(way, genuine), self, peer: answerer.id, description }
  const dialled = dialMeeting(dialling, environment.rng)
  const keyOf = way === 'nearby' ? nearbyKeyOf : () => linkCodeKey(genuine)
  const answering = { way, self: answerer.id, peer: self, keyOf, description }
  const answered = expectGoingOn(answerMeeting(answering, dialled.send, answerer.environment.rng))
  const read = expectGoingOn(readLinkAnswer(dialled.state, answered.send, environment))
  const { send } = revealShare(read.state, environment)
  return expectGoingOn(readReveal(answered.state, send, answerer.environment)).state
}

describe('A6 LNK-18 somebody who has every code and the network', () => {
  test.each(WAYS)(
    'by %s: 0 of 100 attempts to sit between two devices end in the same digits on both',
    { timeout: 120_000 },
    (way) => {
      let succeeded = 0
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const stage = stageOf(way, `${way} ${attempt}`)
        // Nearby she may begin with the new device again, five times a minute; a code is used up.
        const dials = way === 'nearby' ? 5 : 1
        const isDiallerFirst = attempt % 2 === 0
        const early = isDiallerFirst ? answerTheDialler(stage, 1 + (attempt % 7)) : undefined
        const shownThere = Array.from({ length: dials }, () => dialTheAnswerer(stage).digits)
        const shownHere = (early ?? answerTheDialler(stage, 1 + (attempt % 7))).digits
        if (shownThere.includes(shownHere)) succeeded++
      }
      expect(succeeded).toBe(0)
    },
  )

  test.each(WAYS)(
    'by %s: every honest attempt links, with equal digits',
    { timeout: 120_000 },
    async (way) => {
      const digits = new Set<string>()
      for (let attempt = 0; attempt < HONEST; attempt++) {
        const end = await link(await adaAtHome(`honest ${way} ${attempt}`), { way })
        expect([end.phone, end.laptop]).toEqual(['done', 'done'])
        expect(end.digits.phone).toBe(end.digits.laptop)
        digits.add(end.digits.phone ?? '')
      }
      // Six digits, not a few of them again and again.
      expect(digits.size).toBeGreaterThan(HONEST - 3)
    },
  )

  test('the digits depend on both shares: neither side decides them alone', async () => {
    const shown = new Set<string>()
    const fixed = seededRng('always the same')
    const same = { bytes: (length: number) => fixed.bytes(length).fill(7) }
    for (let attempt = 0; attempt < 20; attempt++) {
      const home = await adaAtHome(`one ${attempt}`)
      const lazy = { ...home, ofLaptop: { ...home.ofLaptop, rng: same } }
      const end = await link(lazy, { life: home.life })
      expect(end.laptop).toBe('done')
      shown.add(end.digits.phone ?? '')
    }
    expect(shown.size).toBeGreaterThan(15)
  })

  test('LNK-17 what is said first gives the share away to nobody', async () => {
    const home = await adaAtHome()
    const ends = { self: idOf(home.phone), peer: idOf(home.laptop) }
    const dialling = { way: 'nearby', key: nearbyKey(), ...ends, description } as const
    const { state, send } = dialMeeting(dialling, home.ofPhone.rng)
    expect(Buffer.from(send).includes(Buffer.from(state.share))).toBe(false)
    const again = dialMeeting(dialling, { bytes: (length) => new Uint8Array(length).fill(1) })
    const other = dialMeeting(dialling, { bytes: (length) => new Uint8Array(length).fill(2) })
    expect(Buffer.from(again.send).equals(Buffer.from(other.send))).toBe(false)
  })

  test('LNK-17 a share that is not the one committed to ends it', async () => {
    const home = await adaAtHome()
    const ends = { self: idOf(home.phone), peer: idOf(home.laptop) }
    const dialling = { way: 'nearby', key: nearbyKey(), ...ends, description } as const
    const dialled = dialMeeting(dialling, home.ofPhone.rng)
    const answering = { way: 'nearby', self: ends.peer, peer: ends.self } as const
    const answered = expectGoingOn(
      answerMeeting(
        { ...answering, keyOf: nearbyKeyOf, description },
        dialled.send,
        home.ofLaptop.rng,
      ),
    )
    const other = { ...dialled.state, share: new Uint8Array(32).fill(9) }
    const read = expectGoingOn(readLinkAnswer(other, answered.send, home.ofPhone))
    const { send } = revealShare(read.state, home.ofPhone)
    expect(readReveal(answered.state, send, home.ofLaptop)).toMatchObject({
      kind: 'refused',
      code: 'ERR_LINK_SEAL',
    })
  })

  test('LNK-4 whoever races with a photographed code leaves nothing for the other to compare', async () => {
    for (const way of ['link', 'join'] as const) {
      const home = await adaAtHome()
      const [owner, other] = way === 'link' ? [home.laptop, home.phone] : [home.phone, home.laptop]
      const mallory = idOf(signerOf(66))
      const code = codeOf(home, home.life, way)
      const first = dialCode({ code, self: mallory, description }, home.ofPhone)
      const answering = { way, self: idOf(owner), description }
      const taken = answerCode(
        { ...answering, peer: mallory, life: home.life },
        first.send,
        home.ofLaptop,
      )
      expect(taken.kind).toBe('answered')
      const second = dialCode({ code, self: idOf(other), description }, home.ofPhone)
      const late = answerCode(
        { ...answering, peer: idOf(other), life: taken.life },
        second.send,
        home.ofLaptop,
      )
      expect(late).toMatchObject({ kind: 'refused', code: 'ERR_CODE_USED' })
    }
  })

  test('LNK-6 what two devices say to each other is worth nothing under a third key', async () => {
    for (const way of ['link', 'join'] as const) {
      const end = await link(await adaAtHome(), { way, dialler: idOf(signerOf(66)) })
      expect([end.phone, end.laptop]).toEqual(['ERR_CODE_WRONG_SECRET', 'ERR_CODE_WRONG_SECRET'])
    }
  })
})
