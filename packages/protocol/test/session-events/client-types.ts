/** What a device of the fuzz keeps, sends and says to the judge. */

import type { DeviceCard, PrekeySecrets, Scope } from '../../src/index.ts'
import type { Actor, TestEnvironment } from '../session-cast.ts'
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
export interface Reset {
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
  /** `ephemeralKey` names the session, as it does in its initial envelopes. */
  started(by: Name, card: DeviceCard, ephemeralKey: Uint8Array): void
  /** A process ended, and with it what was in memory only. */
  booted(by: Name): void
  heard(by: Name, packet: Packet & { readonly kind: 'envelope' }, outcome: Outcome): void
  /** A device took the other's word that it began anew. */
  mended(): void
  /** A device took a card of the other: a newer one, or one of a lower number that stands. */
  took(card: 'newer' | 'standing'): void
  /** A device that was put back made a card behind one that it does not know. */
  overtook(): void
}

/** What came of an envelope; `again` when its message is held already. */
export type Outcome =
  | { readonly kind: 'opened'; readonly text: string; readonly again: boolean }
  | { readonly kind: 'duplicate' | 'refused'; readonly again: boolean; readonly code?: string }

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
