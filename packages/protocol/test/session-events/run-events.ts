/** One schedule from beginning to end: two clients, what is between them, and a judge that sees all. */

import {
  type DeviceCard,
  type Envelope,
  envelopeCodec,
  isCardInTime,
  isOneTimeCard,
  MAX_SESSIONS,
  ONE_TIME_CARD_LIFE_MS,
  sessionSetCodec,
} from '../../src/index.ts'
import { randomOf, shuffled } from '../log-model/random.ts'
import { type Cast, createEnvironment, START } from '../session-cast.ts'
import { createClient, isSameCard, isText } from './client.ts'
import type { Client, Disk, Outcome, Packet, SealedCopy, Watcher } from './client-types.ts'
import { drawSchedule, type Name, type SessionEvent } from './events.ts'

/** How often what was seen: a fuzz that never meets a thing says nothing about it. */
export type Coverage = Map<string, number>

/** Prints how to run the same again, and what was seen. */
export function tell(run: {
  readonly seed: number
  readonly schedules: number
  readonly coverage: Coverage
}): void {
  console.log(
    `KITH_SESSION_SEED=${run.seed} KITH_SESSION_EVENTS=${run.schedules}:`,
    [...run.coverage].map(([what, count]) => `${count} ${what}`).join(', '),
  )
}

/** Both sides must send and open on one session after so many exchanges. */
const MAX_EXCHANGES = 10
/** Between two of them, so that the hour of DEL-10 passes on the way. */
const EXCHANGE_MS = 10 * 60_000
/** What was sealed longer ago need not open any more: keys of skipped messages and prekeys go (SES-3, SES-12). */
const KEPT_MS = 30 * 86_400_000

/** Runs the schedule of one seed. @throws what is broken, as a sentence */
export async function runSchedule(seed: number, cast: Cast, coverage: Coverage): Promise<void> {
  const random = randomOf(seed)
  const environment = createEnvironment(`events ${seed}`, cast.environment.primitives)
  const { clock } = environment
  const count = (what: string): void => void coverage.set(what, (coverage.get(what) ?? 0) + 1)
  let wire: readonly Packet[] = []
  const arrived: Packet[] = []
  const copies: { ada?: Disk; ben?: Disk } = {}
  let said = 0
  const judge = createJudge({ count, elapsed: () => clock.now() - START })
  const shared = {
    environment,
    chat: cast.chat,
    send: (packet: Packet) => {
      wire = [...wire, packet]
    },
    watcher: judge,
    isLive: () => random(2) === 0,
  }
  const clients: Readonly<Record<Name, Client>> = {
    ada: createClient({
      ...shared,
      name: 'ada',
      actor: cast.ada,
      peer: () => clients.ben,
      first: { peerCard: cast.ben.card, peerParty: cast.ben.own.party },
    }),
    ben: createClient({
      ...shared,
      name: 'ben',
      actor: cast.ben,
      peer: () => clients.ada,
      first: { peerCard: cast.ada.card, peerParty: cast.ada.own.party },
    }),
  }

  judge.look(clients)
  for (const event of drawSchedule(random)) {
    count(event.kind)
    await happen(event)
    judge.look(clients)
  }
  await agree()

  async function happen(event: SessionEvent): Promise<void> {
    switch (event.kind) {
      case 'say':
        return say(event.by)
      case 'talk':
        for (let exchange = 0; exchange < event.exchanges; exchange++) await speakBothWays()
        return
      case 'receive':
        return deliver(wire.findIndex(({ to }) => to === event.by))
      case 'receive any':
        return deliver(event.at % Math.max(1, wire.length))
      case 'drop':
        return void take(event.at % Math.max(1, wire.length))
      case 'repeat':
        return hand(arrived[event.at % Math.max(1, arrived.length)])
      case 'shuffle':
        wire = shuffled(random, wire)
        return
      case 'snapshot':
        copies[event.by] = clients[event.by].disk()
        return
      case 'restore':
        judge.rewound()
        return clients[event.by].boot(copies[event.by])
      case 'restart':
        return clients[event.by].boot()
      case 'archive':
        return clients[event.by].archive(event.live)
      case 'reconnect':
        return reconnect()
      case 'leap':
      case 'leap far':
        clock.advance(event.ms)
        return renewBoth()
    }
  }

  async function say(by: Name): Promise<void> {
    await clients[by].say(`${by} ${++said}`)
  }

  function take(at: number): Packet | undefined {
    const taken = wire[at]
    wire = wire.filter((_, index) => index !== at)
    return taken
  }

  async function deliver(at: number): Promise<void> {
    const packet = take(at)
    if (packet === undefined) return
    arrived.push(packet)
    await hand(packet)
  }

  async function hand(packet: Packet | undefined): Promise<void> {
    if (packet !== undefined) await clients[packet.to].take(packet)
  }

  async function renewBoth(): Promise<void> {
    await clients.ada.renew()
    await clients.ben.renew()
  }

  async function reconnect(): Promise<void> {
    await clients.ada.greet(clients.ben)
    await clients.ben.greet(clients.ada)
    await clients.ada.resend(clients.ben)
    await clients.ben.resend(clients.ada)
  }

  /** Everything on the way arrives in order, and what it brings about, too. */
  async function quiet(): Promise<void> {
    while (wire.length > 0) await deliver(0)
  }

  async function speakBothWays(): Promise<void> {
    await say('ada')
    await quiet()
    await say('ben')
    await quiet()
  }

  async function agree(): Promise<void> {
    if (random(2) === 0) wire = []
    for (let exchange = 1; exchange <= MAX_EXCHANGES; exchange++) {
      clock.advance(EXCHANGE_MS)
      await renewBoth()
      await reconnect()
      await quiet()
      const before = judge.failures()
      await speakBothWays()
      const { ada, ben } = { ada: clients.ada.disk(), ben: clients.ben.disk() }
      const isEmpty = ada.outbox.length === 0 && ben.outbox.length === 0
      const isMet = knows(ada, ben, clock.now()) && knows(ben, ada, clock.now())
      if (judge.failures() === before && isEmpty && isMet && isOneSession(ada, ben)) {
        return count(`agreed in exchange ${exchange}`)
      }
    }
    throw new Error(`no agreement within ${MAX_EXCHANGES} exchanges`)
  }
}

/** Whether one could begin anew: it has the other's card, and that card stands. */
function knows({ peerCard }: Disk, { card }: Disk, now: number): boolean {
  return isSameCard(peerCard, card) && isCardInTime(peerCard, { now })
}

function isOneSession(ada: Disk, ben: Disk): boolean {
  const [one, other] = [ada, ben].map(({ set }) => sessionSetCodec.decode(set).sessions[0])
  if (one === undefined || other === undefined) return false
  return Buffer.from(one.ephemeralKey).equals(other.ephemeralKey)
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('base64')
}

interface Judge extends Watcher {
  rewound(): void
  /** Looks at the states between two events. */
  look(clients: Readonly<Record<Name, Client>>): void
  /** Envelopes that did not open so far, and whose message is not held. */
  failures(): number
}

interface Seal {
  readonly id: string
  readonly at: number
  /** Of an initial envelope: the session it begins. */
  readonly session?: string
}

/** A session that was begun with secrets in the memory of the other side. */
interface Forgetful {
  readonly responder: Name
  /** When its one-time card is no good any more. */
  readonly until: number
  /** The process that had the secrets has ended. */
  readonly isForgotten: boolean
}

/** Sees both sides and knows what each envelope is. Throws what must not be. */
function createJudge(parts: {
  readonly count: (what: string) => void
  readonly elapsed: () => number
}): Judge {
  const { count, elapsed } = parts
  const seals: Record<Name, Map<number, Seal>> = { ada: new Map(), ben: new Map() }
  const disks: Partial<Record<Name, () => Disk>> = {}
  const seen = new Set<string>()
  let isRewound = false
  let starts = 0
  let failures = 0
  /** Sessions that live in memory on one side until their first message: from one-time cards. */
  const forgetful = new Map<string, Forgetful>()

  function sealed(by: Name, id: string, { seal, bytes }: SealedCopy): void {
    const envelope = envelopeCodec.decode(bytes)
    noteHeader(envelope)
    const begun = envelope.kind === 'initial' ? envelope.agreement.ephemeralKey : undefined
    seals[by].set(seal, { id, at: elapsed(), ...(begun ? { session: nameOf(begun) } : {}) })
  }

  function noteHeader({ kind, header: { pq } }: Envelope): void {
    count(kind)
    if (pq === undefined) return
    const key = nameOf(pq.kind === 'offer' ? pq.key : pq.ciphertext)
    if (!seen.has(key)) count(pq.kind)
    seen.add(key)
  }

  function heard(
    by: Name,
    { id, copy }: Packet & { readonly kind: 'envelope' },
    outcome: Outcome,
  ): void {
    const from: Name = by === 'ada' ? 'ben' : 'ada'
    const seal = seals[from].get(copy.seal)
    const isSpent = disks[by]?.().opened.has(copy.seal) === true
    if (outcome.again) count('message held')
    if (outcome.kind === 'opened') {
      count('opened')
      if (!isText(id, outcome.text)) throw new Error(`${id} opened to "${outcome.text}"`)
      if (isSpent) throw new Error(`${by} opened one envelope of ${id} twice`)
      return
    }
    count(outcome.kind)
    if (!isSpent && !outcome.again) failures++
    if (outcome.again || seal === undefined || !mustOpen(seal)) return
    throw new Error(`${id} did not open: ${outcome.kind} ${outcome.code ?? ''}`)
  }

  /** Where nobody lost a state, no session was dropped and no key too old, whatever arrives first opens. */
  function mustOpen({ at, session }: Seal): boolean {
    return (
      !isRewound &&
      !isLost(session) &&
      starts <= MAX_SESSIONS &&
      elapsed() - at < KEPT_MS &&
      elapsed() < KEPT_MS
    )
  }

  /** Whether the secrets that a session was begun with are gone, and not by its first message. */
  function isLost(session: string | undefined): boolean {
    const begun = session === undefined ? undefined : forgetful.get(session)
    return begun !== undefined && (begun.isForgotten || elapsed() >= begun.until)
  }

  function started(by: Name, card: DeviceCard, ephemeralKey: Uint8Array): void {
    starts++
    count(isOneTimeCard(card) ? 'start from a one-time card' : 'start from a card')
    if (!isOneTimeCard(card)) return
    const responder = by === 'ada' ? 'ben' : 'ada'
    const until = elapsed() + ONE_TIME_CARD_LIFE_MS
    forgetful.set(nameOf(ephemeralKey), { responder, until, isForgotten: false })
  }

  function booted(by: Name): void {
    for (const [session, begun] of forgetful) {
      if (begun.responder === by) forgetful.set(session, { ...begun, isForgotten: true })
    }
  }

  return {
    sealed,
    heard,
    started,
    booted,
    took: (card) => count(`card taken: ${card}`),
    overtook: () => count('card overtaken'),
    mended: () => count('session mended'),
    rewound: () => {
      isRewound = true
    },
    look: (clients) => {
      for (const name of ['ada', 'ben'] as const) {
        disks[name] = clients[name].disk
        const { sessions } = sessionSetCodec.decode(clients[name].disk().set)
        if (sessions.length > MAX_SESSIONS) throw new Error(`${sessions.length} sessions are kept`)
      }
    },
    failures: () => failures,
  }
}
