/**
 * A device as the rest of the world meets it: what an honest client does with its sessions, without disk
 * and network. It keeps to SES-3, SES-11, SES-15, SES-19, SES-22 and SES-26 to SES-28; of the word that an
 * envelope cannot be opened only the signature is left out.
 */

import {
  createDeviceCard,
  createOneTimeCard,
  createSessionCipher,
  createSessionSet,
  type DeviceCard,
  deviceCardCodec,
  envelopeCodec,
  isCardDue,
  isCardInTime,
  isKithError,
  type Opening,
  type PrekeySecrets,
  prekeysToKeep,
  proveCardSignature,
  type Scope,
  type SessionSet,
  sessionSetCodec,
  verifyDeviceCard,
} from '../../src/index.ts'
import { FRESHNESS, textBytes } from '../session-cast.ts'
import type { Client, ClientParts, Disk, Packet, Waiting } from './client-types.ts'
import type { Name } from './events.ts'

/** Fresh sessions for what could not be opened: at most one an hour (SES-26). */
const RESET_INTERVAL_MS = 3_600_000
/** Cards made behind one that the device does not know: at most one an hour (SES-22). */
const OVERTAKE_INTERVAL_MS = 3_600_000

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
  let overtakenAt = Number.NEGATIVE_INFINITY
  let sealCount = 0

  const own = () => ({ ...actor.own, card: disk.card })

  async function boot(from: Disk = disk): Promise<void> {
    disk = from
    set = sessionSetCodec.decode(disk.set)
    oneTime = []
    brokenAt = Number.NEGATIVE_INFINITY
    resealed = new Set()
    overtakenAt = Number.NEGATIVE_INFINITY
    watcher.booted(name)
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
      const started = await cipher.start(set, { self: own(), peerCard: card })
      commit(started)
      const [{ ephemeralKey } = { ephemeralKey: new Uint8Array() }] = started.sessions
      watcher.started(name, card, ephemeralKey)
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
    const shown = peer.disk().card
    const { peerCard } = disk
    const isOther = !isSameCard(peerCard, shown)
    if (isOther && stands(peerCard) && peerCard.number >= shown.number) {
      await peer.overtake(peerCard)
    }
    // Behind a card that is overtaken comes another hello (SES-20).
    for (const card of new Set([shown, peer.disk().card])) await takeCard(card)
  }

  /** Of two that stand the higher number, else the one that stands (SES-19). */
  async function takeCard(card: DeviceCard): Promise<void> {
    const { peerCard } = disk
    const replaces = stands(peerCard) ? card.number > peerCard.number : stands(card)
    if (!replaces || !stands(card)) return
    const bytes = deviceCardCodec.encode(card)
    const proved = await verifyDeviceCard(bytes, { now: clock.now() }, environment.primitives)
    commit(set, { peerCard: proved })
    watcher.took(card.number > peerCard.number ? 'newer' : 'standing')
  }

  function stands(card: DeviceCard): boolean {
    return isCardInTime(card, { now: clock.now() })
  }

  /** At most once an hour (SES-22). */
  async function overtake(shown: DeviceCard): Promise<void> {
    if (shown.number < disk.card.number || isSameCard(shown, disk.card)) return
    if (clock.monotonic() - overtakenAt < OVERTAKE_INTERVAL_MS) return
    await proveCardSignature(shown, environment.primitives)
    overtakenAt = clock.monotonic()
    await makeCard(shown.number + 1)
    watcher.overtook()
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

/** Whether two cards are one: two of one number may not be, after a restore. */
export function isSameCard(one: DeviceCard, other: DeviceCard): boolean {
  return Buffer.from(one.signature).equals(other.signature)
}

/** What a message with this id says. */
export function isText(id: string, text: string): boolean {
  return text === textOf(id)
}
