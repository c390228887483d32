/** Ada's phone, in an account of its own, and her new laptop: both sides of linking in one place. */

import { createHash } from 'node:crypto'
import type { Environment, Rng } from '../src/environment.ts'
import {
  type DeviceLogState,
  mergeDeviceLogs,
  reduceDeviceLog,
} from '../src/identity/device-log.ts'
import { type Signer, signerFromSeed } from '../src/identity/keys.ts'
import { countersignAdd, createGenesis, draftAdd, signAdd } from '../src/identity/log-authoring.ts'
import { accountIdOfGenesis } from '../src/identity/log-entry.ts'
import { type DeviceId, deviceIdFromPublicKey } from '../src/ids.ts'
import { type CodeLife, openCodeLife } from '../src/link/code-life.ts'
import { answerCode, dialCode } from '../src/link/code-meeting.ts'
import { agreeToLink, type Linked, readLinkGrant } from '../src/link/joining.ts'
import type { JoinCode, LinkCode } from '../src/link/link-code.ts'
import {
  answerMeeting,
  declineLink,
  dialMeeting,
  type LinkAnswered,
  type LinkMet,
  type LinkWay,
  nearbyKey,
  nearbyKeyOf,
  readLinkAnswer,
  readReady,
  readReveal,
  revealShare,
  sayReady,
} from '../src/link/meeting.ts'
import type { RefusalCode, Refused } from '../src/link/refusal.ts'
import { confirmLink, grantLink, readLinkAgreement, readLinkDone } from '../src/link/taking-in.ts'

export const signerOf = (number: number): Signer => signerFromSeed(new Uint8Array(32).fill(number))
export const idOf = (signer: Signer): DeviceId => deviceIdFromPublicKey(signer.publicKey)
export const raise = (): never => {
  throw new Error('not in the log')
}

/** Random bytes that are the same in every run. */
export function seededRng(seed: string): Rng {
  let drawn = 0
  return {
    bytes: (length) => {
      drawn += 1
      const hash = createHash('shake256', { outputLength: length })
      return Uint8Array.from(hash.update(`${seed} ${drawn}`).digest())
    },
  }
}

export interface Home {
  readonly phone: Signer
  readonly laptop: Signer
  readonly ofPhone: Environment
  readonly ofLaptop: Environment
  readonly log: DeviceLogState
  /** Of the code the laptop shows, or in swapped roles the phone. */
  readonly life: CodeLife
  pass(ms: number): void
  /** Moves the wall clock only. */
  turnBack(ms: number): void
}

export async function adaAtHome(seed = 'home'): Promise<Home> {
  const [root, phone, laptop] = [signerOf(1), signerOf(2), signerOf(3)]
  let monotonic = 1_000
  let now = 1_700_000_000_000
  const clock = { now: () => now, monotonic: () => monotonic }
  const ofPhone: Environment = { clock, rng: seededRng(`phone ${seed}`) }
  const ofLaptop: Environment = { clock, rng: seededRng(`laptop ${seed}`) }
  const recoveryKey = new Uint8Array(1216)
  const genesis = await createGenesis({ root, recoveryKey, device: phone, at: 1 })
  const log = reduceDeviceLog(accountIdOfGenesis(genesis), [genesis])
  const pass = (ms: number): void => {
    monotonic += ms
    now += ms
  }
  const turnBack = (ms: number): void => {
    now -= ms
  }
  return { phone, laptop, ofPhone, ofLaptop, log, life: openCodeLife(ofLaptop), pass, turnBack }
}

/** The log with one device more. */
export async function withDevice(
  log: DeviceLogState,
  author: Signer,
  device: Signer,
  terms: { readonly rights?: { readonly link: boolean }; readonly expiresAt?: number } = {},
): Promise<DeviceLogState> {
  const prev = log.devices.get(idOf(author))?.lastEntry ?? raise()
  const add = draftAdd({
    account: log.account,
    author: idOf(author),
    prev,
    device: idOf(device),
    rights: { link: true },
    historyAt: 0,
    at: 0,
    ...terms,
  })
  return mergeDeviceLogs(log, [await signAdd(add, author, await countersignAdd(add, device))])
}

/** The frames of an attempt by name, in their order. */
export const FRAMES = [
  'hello',
  'answer',
  'reveal',
  'ready',
  'proposal',
  'agreement',
  'grant',
  'done',
] as const
export type FrameName = (typeof FRAMES)[number]

/** What may go otherwise than it should. */
export interface Otherwise {
  readonly way?: LinkWay
  readonly code?: LinkCode | JoinCode
  readonly life?: CodeLife
  readonly log?: DeviceLogState
  readonly author?: Signer
  readonly snapshot?: Uint8Array
  readonly terms?: { readonly expiresAt?: number }
  /** What Noise tells the answerer of who dials. */
  readonly dialler?: DeviceId
  /** What the person at each device answers to the digits there. */
  readonly phoneSays?: (digits: string) => RefusalCode | undefined
  readonly laptopSays?: (digits: string) => RefusalCode | undefined
  /** What arrives instead of a frame. `sent`: all frames so far by name. */
  readonly tamper?: (
    name: FrameName,
    frame: Uint8Array,
    sent: Map<FrameName, Uint8Array>,
  ) => Uint8Array
}

/** How an attempt ended. */
export interface End {
  /** On each side: a refusal's code, `done`, or `cut` when the other side was gone. */
  readonly phone: string
  readonly laptop: string
  readonly digits: { readonly phone?: string; readonly laptop?: string }
  readonly life: CodeLife
  readonly log: DeviceLogState
  readonly linked?: Linked
}

export const CARD: Uint8Array = Uint8Array.of(1, 2, 3)
export const EPOCH_KEYS: Uint8Array = new Uint8Array(40).fill(4)
export const SNAPSHOT: Uint8Array = new Uint8Array(600).fill(5)

/** The code with the secret of a life: of the laptop, or in swapped roles of the phone. */
export function codeOf(home: Home, life: CodeLife, way: LinkWay = 'link'): LinkCode | JoinCode {
  const { secret } = life
  return way === 'join'
    ? { kind: 'join-code', device: idOf(home.phone), secret, addresses: [] }
    : { kind: 'link-code', device: idOf(home.laptop), secret, addresses: [] }
}

/** Links the laptop, whoever dials, and tells how it ended for each. */
export async function link(home: Home, otherwise: Otherwise = {}): Promise<End> {
  const attempt = new Attempt(home, otherwise)
  const [phone, laptop] = await Promise.all([
    attempt.side('phone', () => attempt.phone()),
    attempt.side('laptop', () => attempt.laptop()),
  ])
  const { life, log, linked, digits } = attempt
  return { phone, laptop, life, log, digits, ...(linked ? { linked } : {}) }
}

type Side = 'phone' | 'laptop'

class Ended extends Error {}

/** Two programs and the wire between them. */
class Attempt {
  readonly #home: Home
  readonly #otherwise: Otherwise
  readonly #way: LinkWay
  readonly #sent = new Map<FrameName, Uint8Array>()
  readonly #wires = { phone: new Wire(), laptop: new Wire() }
  readonly digits: { phone?: string; laptop?: string } = {}
  life: CodeLife
  log: DeviceLogState
  linked: Linked | undefined

  constructor(home: Home, otherwise: Otherwise) {
    this.#home = home
    this.#otherwise = otherwise
    this.#way = otherwise.way ?? 'link'
    this.life = otherwise.life ?? home.life
    this.log = otherwise.log ?? home.log
  }

  async side(side: Side, program: () => Promise<void>): Promise<string> {
    try {
      await program()
      return 'done'
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      return error.message
    } finally {
      this.#wires[side === 'phone' ? 'laptop' : 'phone'].end()
    }
  }

  async phone(): Promise<void> {
    const { ofPhone } = this.#home
    const { author = this.#home.phone, terms = {}, snapshot = SNAPSHOT } = this.#otherwise
    const met = await this.#meet('phone')
    const refused = this.#otherwise.phoneSays?.(met.digits)
    if (refused) this.#refuse('phone', declineLink(met, refused, ofPhone))
    const ready = this.#accepted('phone', readReady(met, await this.#read('phone'), ofPhone))
    const given = { log: this.log, author, rights: { link: true }, historyAt: 7, ...terms }
    const proposed = this.#accepted('phone', confirmLink(ready.state, given, ofPhone))
    this.#send('phone', 'proposal', proposed.send)
    const agreement = await this.#read('phone')
    const read = await readLinkAgreement(proposed.state, agreement, ofPhone)
    const agreed = this.#accepted('phone', read)
    this.log = agreed.log
    const granted = grantLink(agreed.state, { epochKeys: EPOCH_KEYS, snapshot }, ofPhone)
    this.#send('phone', 'grant', granted.send)
    this.#accepted('phone', readLinkDone(granted.state, await this.#read('phone'), ofPhone))
  }

  async laptop(): Promise<void> {
    const { ofLaptop, laptop } = this.#home
    const met = await this.#meet('laptop')
    const refused = this.#otherwise.laptopSays?.(met.digits)
    if (refused) this.#refuse('laptop', declineLink(met, refused, ofLaptop))
    const ready = sayReady(met, ofLaptop)
    this.#send('laptop', 'ready', ready.send)
    const agreeing = { signer: laptop, card: CARD, rng: ofLaptop.rng }
    const proposal = await this.#read('laptop')
    const agreed = this.#accepted('laptop', await agreeToLink(ready.state, proposal, agreeing))
    this.#send('laptop', 'agreement', agreed.send)
    const grant = await this.#read('laptop')
    this.linked = this.#accepted('laptop', readLinkGrant(agreed.state, grant, ofLaptop))
    this.#send('laptop', 'done', this.linked.send)
  }

  async #meet(side: Side): Promise<LinkMet> {
    const isDialler = (side === 'laptop') === (this.#way === 'join')
    const met = isDialler ? await this.#dial(side) : await this.#answer(side)
    this.digits[side] = met.digits
    return met
  }

  async #dial(side: Side): Promise<LinkMet> {
    const { environment, self, description } = this.#of(side)
    const { code = codeOf(this.#home, this.life, this.#way) } = this.#otherwise
    const nearby = { way: 'nearby', key: nearbyKey(), self, peer: idOf(this.#home.laptop) } as const
    const dialled =
      this.#way === 'nearby'
        ? dialMeeting({ ...nearby, description }, environment.rng)
        : dialCode({ code, self, description }, environment)
    this.#send(side, 'hello', dialled.send)
    const answer = readLinkAnswer(dialled.state, await this.#read(side), environment)
    const { state } = this.#accepted(side, answer)
    const met = revealShare(state, environment)
    this.#send(side, 'reveal', met.send)
    return met.state
  }

  async #answer(side: Side): Promise<LinkMet> {
    const { environment } = this.#of(side)
    const answered = this.#accepted(side, await this.#answerHello(side))
    this.#send(side, 'answer', answered.send)
    const met = readReveal(answered.state, await this.#read(side), environment)
    return this.#accepted(side, met).state
  }

  async #answerHello(
    side: Side,
  ): Promise<{ kind: 'answered'; state: LinkAnswered; send: Uint8Array } | Refused> {
    const { environment, self, description } = this.#of(side)
    const other = side === 'phone' ? idOf(this.#home.laptop) : this.#phoneId()
    const peer = this.#otherwise.dialler ?? other
    const hello = await this.#read(side)
    if (this.#way === 'nearby') {
      const answering = { way: 'nearby', self, peer, keyOf: nearbyKeyOf, description } as const
      return answerMeeting(answering, hello, environment.rng)
    }
    const way = this.#way
    const answering = { way, self, peer, description, life: this.life }
    const answered = answerCode(answering, hello, environment)
    this.life = answered.life
    return answered
  }

  #phoneId(): DeviceId {
    return idOf(this.#otherwise.author ?? this.#home.phone)
  }

  #of(side: Side): {
    readonly environment: Environment
    readonly self: DeviceId
    readonly description: { readonly name: string; readonly kind: string }
  } {
    return side === 'phone'
      ? {
          environment: this.#home.ofPhone,
          self: this.#phoneId(),
          description: { name: 'Phone', kind: 'browser' },
        }
      : {
          environment: this.#home.ofLaptop,
          self: idOf(this.#home.laptop),
          description: { name: 'Laptop', kind: 'cli' },
        }
  }

  async #read(side: Side): Promise<Uint8Array> {
    const frame = await this.#wires[side].read()
    if (frame) return frame
    throw new Ended('cut')
  }

  #send(side: Side, name: FrameName, frame: Uint8Array): void {
    this.#sent.set(name, frame)
    const arrives = this.#otherwise.tamper?.(name, frame, this.#sent) ?? frame
    this.#wires[side === 'phone' ? 'laptop' : 'phone'].write(arrives)
  }

  #accepted<T extends { readonly kind: string }>(
    side: Side,
    outcome: T | Refused,
  ): Exclude<T, Refused> {
    if (isRefused(outcome)) return this.#refuse(side, outcome)
    return outcome as Exclude<T, Refused>
  }

  #refuse(side: Side, { code, send }: Refused): never {
    if (send) this.#wires[side === 'phone' ? 'laptop' : 'phone'].write(send)
    throw new Ended(code)
  }
}

function isRefused(outcome: { readonly kind: string }): outcome is Refused {
  return outcome.kind === 'refused'
}

/** Frames on their way to one side. */
class Wire {
  readonly #frames: Uint8Array[] = []
  #isEnded = false
  #wake = Promise.withResolvers<void>()

  write(frame: Uint8Array): void {
    this.#frames.push(frame)
    this.#wake.resolve()
  }

  end(): void {
    this.#isEnded = true
    this.#wake.resolve()
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame || this.#isEnded) return frame
      await this.#wake.promise
      this.#wake = Promise.withResolvers<void>()
    }
  }
}
