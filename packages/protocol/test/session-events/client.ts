/**
 * A device as the rest of the world meets it: what an honest client does with its sessions, without disk
 * and network. It keeps to SES-3, SES-11, SES-15, SES-22 and SES-26 to SES-28; of the word that an envelope cannot
 * be opened only the signature is left out.
 */

import {
  createDeviceCard,
  createOneTimeCard,
  createSessionCipher,
  createSessionSet,
  type DeviceCard,
  envelopeCodec,
  isCardDue,
  isKithError,
  isOneTimeCard,
  type Opening,
  type PrekeySecrets,
  prekeysToKeep,
  type Scope,
  type SessionSet,
  sessionSetCodec,
} from '../../src/index.ts'
import { type Actor, FRESHNESS, type TestEnvironment, textBytes } from '../session-cast.ts'
import type { Name } from './events.ts'

/** One message that no ack has come for. Without a copy it could not be sealed: the card is too old. */
export interface Waiting {
  readonly id: string
  readonly copy?: SealedCopy
}

/** One envelope. The same message may be sealed several times, each time with a number of its own. */
export interface SealedCopy {
  readonly seal: number
  readonly bytes: Uint8Array
}

/** All that a device has on its disk; a value, so that a copy of it is a backup. */
export interface Disk {
  readonly set: Uint8Array
  readonly card: DeviceCard
  readonly prekeys: readonly PrekeySecrets[]
  readonly peerCard: DeviceCard
  readonly outbox: readonly Waiting[]
  /** Ids of the messages that were taken. */
  readonly held: ReadonlySet<string>
  /** The last time it began anew because something could not be opened, and what it said then. */
  readonly reset?: Reset
  /** Numbers of the envelopes that were opened: of no use to the device, they are for the judge. */
  readonly opened: ReadonlySet<number>
}

/** A fresh session, and the envelope on it that says what could not be opened. */
interface Reset {
  readonly at: number
  readonly id: string
  readonly word: Uint8Array
}

/** On its way from one device to the other. */
export type Packet = { readonly to: Name; readonly id: string } & (
  | { readonly kind: 'envelope'; readonly copy: SealedCopy }
  | { readonly kind: 'ack' }
  | { readonly kind: 'refuse'; readonly word?: Uint8Array }
)

/** What a device did, for the judge. */
export interface Watcher {
  sealed(by: Name, id: string, copy: SealedCopy): void
  started(by: Name, card: DeviceCard): void
  heard(by: Name, packet: Packet & { readonly kind: 'envelope' }, outcome: Outcome): void
  /** A device took the other's word that it began anew. */
  mended(): void
}

/** What came of an envelope; `again` when its message is held already. */
export type Outcome =
  | { readonly kind: 'opened'; readonly text: string; readonly again: boolean }
  | { readonly kind: 'duplicate' | 'refused'; readonly again: boolean; readonly code?: string }

/** Fresh sessions for what could not be opened: at most one an hour (SES-26). */
const RESET_INTERVAL_MS = 3_600_000

/** A device of the fuzz. */
export interface Client {
  disk(): Disk
  /** Ends the process, and starts it from `disk`, or from its own. */
  boot(disk?: Disk): Promise<void>
  say(id: string): Promise<void>
  take(packet: Packet): Promise<void>
  archive(live: boolean): Promise<void>
  /** A new stream: what waits is offered, and what the peer does not hold is sent. */
  resend(peer: Client): Promise<void>
  /** Takes the peer's newest card, and shows it the one it had: a device notices that it was put back. */
  greet(peer: Client): Promise<void>
  overtake(shown: DeviceCard): Promise<void>
  /** Makes the next card when a week is over, and erases what was kept for long enough (SES-3). */
  renew(): Promise<void>
  /** A card for one session, its secrets in memory (SES-21). */
  oneTimeCard(): Promise<DeviceCard>
}

/** What a client works with. */
export interface ClientParts {
  readonly name: Name
  readonly actor: Actor
  readonly peer: () => Client
  readonly first: Pick<Disk, 'peerCard'> & { readonly peerParty: Actor['own']['party'] }
  readonly environment: TestEnvironment
  readonly chat: Scope
  readonly send: (packet: Packet) => void
  readonly watcher: Watcher
  /** Whether a session that is begun anew is begun from a one-time card. */
  readonly isLive: () => boolean
}

const textOf = (id: string): string => `text ${id}`

/** A device that has never talked. */
export function createClient(parts: ClientParts): Client {
  const { name, actor, environment, watcher } = parts
  const { clock } = environment
  const cipher = createSessionCipher(environment)
  const other: Name = name === 'ada' ? 'ben' : 'ada'
  let disk: Disk = {
    set: sessionSetCodec.encode(
      createSessionSet({ self: actor.own.party, peer: parts.first.peerParty }),
    ),
    card: actor.card,
    prekeys: actor.prekeys,
    peerCard: parts.first.peerCard,
    outbox: [],
    held: new Set(),
    opened: new Set(),
  }
  let set: SessionSet = sessionSetCodec.decode(disk.set)
  let oneTime: readonly PrekeySecrets[] = []
  /** When the peer last gave its word that it began anew. */
  let brokenAt = Number.NEGATIVE_INFINITY
  let resealed = new Set<string>()
  let sealCount = 0

  const own = () => ({ ...actor.own, card: disk.card })

  async function boot(from: Disk = disk): Promise<void> {
    disk = from
    set = sessionSetCodec.decode(disk.set)
    oneTime = []
    brokenAt = Number.NEGATIVE_INFINITY
    resealed = new Set()
    await renew()
  }

  /** State and what it leads to, in one batch (SES-11). */
  function commit(next: SessionSet, change: Partial<Omit<Disk, 'set'>> = {}): void {
    set = next
    disk = { ...disk, ...change, set: sessionSetCodec.encode(next) }
  }

  async function say(id: string): Promise<void> {
    if (set.sessions.length === 0) await startFrom(disk.peerCard)
    await sealInto({ id })
  }

  async function sealInto({ id }: Waiting): Promise<void> {
    const others = disk.outbox.filter((waiting) => waiting.id !== id)
    const bytes = await seal(textOf(id), parts.chat)
    if (bytes === undefined) return commit(set, { outbox: [...others, { id }] })
    const copy = { seal: ++sealCount, bytes }
    commit(set, { outbox: [...others, { id, copy }] })
    watcher.sealed(name, id, copy)
    parts.send({ kind: 'envelope', to: other, id, copy })
  }

  async function seal(text: string, chat: Scope): Promise<Uint8Array | undefined> {
    const input = { plaintext: textBytes(text), chat, freshness: FRESHNESS }
    const sealing = await cipher.seal(set, input)
    if (sealing.kind === 'no-session') return undefined
    return sealing.step.into((next, envelope) => {
      commit(next)
      return envelopeCodec.encode(envelope)
    })
  }

  /** A card that is too old starts nothing: the message waits until the devices meet (DEL-14). */
  async function startFrom(card: DeviceCard): Promise<boolean> {
    try {
      commit(await cipher.start(set, { self: own(), peerCard: card }))
      watcher.started(name, card)
      return true
    } catch (error) {
      if (!isKithError(error, 'ERR_CARD_EXPIRED')) throw error
      return false
    }
  }

  async function archive(live: boolean): Promise<void> {
    await startFrom(live ? await parts.peer().oneTimeCard() : disk.peerCard)
  }

  async function take(packet: Packet): Promise<void> {
    switch (packet.kind) {
      case 'envelope':
        return takeEnvelope(packet)
      case 'ack':
        return commit(set, { outbox: disk.outbox.filter(({ id }) => id !== packet.id) })
      case 'refuse':
        return refused(packet)
    }
  }

  async function takeEnvelope(packet: Packet & { readonly kind: 'envelope' }): Promise<void> {
    const { id, copy } = packet
    const again = disk.held.has(id)
    const opening = await open(copy.bytes)
    if (opening.kind !== 'opened') {
      watcher.heard(name, packet, { ...opening, again })
    } else {
      opening.step.into((next, { plaintext, startedFrom }) => {
        const text = new TextDecoder().decode(plaintext)
        watcher.heard(name, packet, { kind: 'opened', text, again })
        // The judge has tried it; a client does not open what it holds.
        if (again) return
        const held = new Set(disk.held).add(id)
        commit(next, { held, opened: new Set(disk.opened).add(copy.seal) })
        oneTime = oneTime.filter(({ number }) => number !== startedFrom)
      })
    }
    if (disk.held.has(id)) return parts.send({ kind: 'ack', to: other, id })
    const word = await report(id)
    parts.send({ kind: 'refuse', to: other, id, ...(word === undefined ? {} : { word }) })
  }

  function open(bytes: Uint8Array): Promise<Opening> {
    const prekeys = [...disk.prekeys, ...oneTime.filter(isYoung)]
    return cipher.open(set, { self: own(), prekeys, envelope: envelopeCodec.decode(bytes) })
  }

  /** SES-26: on a session begun anew, at most once an hour; what is asked again is answered as it was. */
  async function report(id: string): Promise<Uint8Array | undefined> {
    const { reset } = disk
    if (reset !== undefined && clock.now() - reset.at < RESET_INTERVAL_MS) {
      return reset.id === id ? reset.word : undefined
    }
    const card = parts.isLive() ? await parts.peer().oneTimeCard() : disk.peerCard
    if (!(await startFrom(card))) return undefined
    const word = await seal(id, 'control')
    if (word !== undefined) commit(set, { reset: { at: clock.now(), id, word } })
    return word
  }

  function isYoung({ createdAt }: PrekeySecrets): boolean {
    return clock.now() - createdAt < 600_000
  }

  /** Sealed again on the peer's word, once in a stream (SES-28). */
  async function refused({ id, word }: Packet & { readonly kind: 'refuse' }): Promise<void> {
    const waiting = disk.outbox.find((one) => one.id === id)
    if (waiting === undefined || resealed.has(id)) return
    if (word !== undefined && (await hear(word))) brokenAt = clock.monotonic()
    if (clock.monotonic() - brokenAt >= RESET_INTERVAL_MS) return
    resealed.add(id)
    await sealInto(waiting)
  }

  async function hear(word: Uint8Array): Promise<boolean> {
    const opening = await open(word)
    if (opening.kind !== 'opened') return false
    opening.step.into((next, { startedFrom }) => {
      commit(next)
      oneTime = oneTime.filter(({ number }) => number !== startedFrom)
    })
    watcher.mended()
    return true
  }

  async function resend(peer: Client): Promise<void> {
    resealed = new Set()
    const { held } = peer.disk()
    commit(set, { outbox: disk.outbox.filter(({ id }) => !held.has(id)) })
    for (const { id, copy } of disk.outbox) {
      if (copy === undefined) await say(id)
      else parts.send({ kind: 'envelope', to: other, id, copy })
    }
  }

  async function greet(peer: Client): Promise<void> {
    await peer.overtake(disk.peerCard)
    const { card } = peer.disk()
    if (card.number > disk.peerCard.number) commit(set, { peerCard: card })
  }

  async function overtake(shown: DeviceCard): Promise<void> {
    const isKnown = Buffer.from(shown.signature).equals(disk.card.signature)
    if (shown.number < disk.card.number || isKnown) return
    await makeCard(shown.number + 1)
  }

  async function renew(): Promise<void> {
    const now = clock.now()
    if (isCardDue(disk.card, { now })) await makeCard(disk.card.number + 1)
    commit(set, { prekeys: prekeysToKeep(disk.prekeys, { now }) })
  }

  async function makeCard(number: number): Promise<void> {
    const { signer, own: identity } = actor
    const { identityKey } = identity
    const made = await createDeviceCard({ signer, identityKey, number }, environment)
    commit(set, { card: made.card, prekeys: [...disk.prekeys, made.secrets] })
  }

  async function oneTimeCard(): Promise<DeviceCard> {
    const { signer, own: identity } = actor
    const { identityKey } = identity
    const made = await createOneTimeCard({ signer, identityKey }, environment)
    oneTime = [...oneTime.filter(isYoung), made.secrets]
    return made.card
  }

  return {
    disk: () => disk,
    boot,
    say,
    take,
    archive,
    resend,
    greet,
    overtake,
    renew,
    oneTimeCard,
  }
}

/** Whether a session begun from a card may be lost with a process: its secrets were in memory only. */
export function isForgetful(card: DeviceCard): boolean {
  return isOneTimeCard(card)
}

/** What a message with this id says. */
export function isText(id: string, text: string): boolean {
  return text === textOf(id)
}
