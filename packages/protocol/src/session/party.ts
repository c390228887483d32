/** Who seals for whom, and where a message belongs: what every envelope names and binds (SES-8). */

import { accountId, deviceId } from '../codec/id-shapes.ts'
import { bytes, mapped, record, type Shape } from '../codec/shape.ts'
import type { Environment } from '../environment.ts'
import {
  type AccountId,
  type ChatId,
  chatIdFromBytes,
  chatIdToBytes,
  type DeviceId,
} from '../ids.ts'
import type { KeyPair, Primitives } from './primitives.ts'

/** One device of one account. */
export interface Party {
  readonly account: AccountId
  readonly device: DeviceId
}

/** Two devices, as one of them sees them. */
export interface Pair {
  readonly self: Party
  readonly peer: Party
}

/** The chat a message belongs to; `control` for what two devices say to each other about sessions. */
export type Scope = ChatId | 'control'

/** Device log heads, 32 bytes each, by which either side notices that its picture is old (MSG-7). */
export interface Freshness {
  /** Head of the sender's own device log. */
  readonly sender: Uint8Array
  /** Head of the recipient's device log as the sender knows it. */
  readonly recipient: Uint8Array
}

/** What the steps of a session use besides their arguments. */
export interface SessionEnvironment extends Environment {
  readonly primitives: Primitives
}

/** Fresh X25519 keys: a device's identity key once, a ratchet key at each turn. */
export async function createKeyPair({ primitives, rng }: SessionEnvironment): Promise<KeyPair> {
  return primitives.x25519.keyPair(rng.bytes(32))
}

/** Whether both are the same device of the same account. */
export function isSameParty(a: Party, b: Party): boolean {
  return a.account === b.account && a.device === b.device
}

/** Shape of a {@link Party}. */
export const partyShape: Shape<Party> = record({ account: accountId, device: deviceId })

/** Shape of a {@link Scope}: the 32 bytes of the chat, none for `control`. */
export const scopeShape: Shape<Scope> = mapped(
  bytes({ max: 32 }),
  (scope: Scope) => (scope === 'control' ? new Uint8Array() : chatIdToBytes(scope)),
  (wire) => (wire.length === 0 ? 'control' : chatIdFromBytes(wire)),
)

/** Shape of {@link Freshness}. */
export const freshnessShape: Shape<Freshness> = record({
  sender: bytes({ length: 32 }),
  recipient: bytes({ length: 32 }),
})
