/** Ada and Ben, a device each, with everything a session needs: for the tests of sessions. */

import { createHash } from 'node:crypto'
import {
  accountIdFromBytes,
  type ChatId,
  createDeviceCard,
  createKeyPair,
  createSessionCipher,
  createSessionSet,
  type DeviceCard,
  deviceIdFromPublicKey,
  directChatId,
  type Envelope,
  type Freshness,
  type Opening,
  type OwnDevice,
  type PrekeySecrets,
  type Primitives,
  type Rng,
  type SessionEnvironment,
  type SessionSet,
  type Signer,
  signerFromSeed,
} from '../src/index.ts'
import { nativePrimitives } from './native-primitives.ts'

/** The same bytes for the same seed, in the same order: failures can be run again. */
export function createSeededRng(seed: string): Rng {
  let count = 0
  return {
    bytes: (length) => {
      const bytes = new Uint8Array(length)
      for (let at = 0; at < length; at += 32) {
        const block = createHash('sha256').update(`${seed}/${count++}`).digest()
        bytes.set(block.subarray(0, Math.min(32, length - at)), at)
      }
      return bytes
    },
  }
}

/** A clock that stands until it is moved. */
export interface ManualClock {
  now(): number
  monotonic(): number
  advance(ms: number): void
}

export const START = Date.UTC(2026, 10, 22)

function createManualClock(): ManualClock {
  let now = START
  return {
    now: () => now,
    monotonic: () => now - START,
    advance: (ms) => {
      now += ms
    },
  }
}

export interface TestEnvironment extends SessionEnvironment {
  readonly clock: ManualClock
}

export function createEnvironment(
  seed = 'environment',
  primitives: Primitives = nativePrimitives,
): TestEnvironment {
  return { primitives, clock: createManualClock(), rng: createSeededRng(seed) }
}

/** One device with its keys. */
export interface Actor {
  readonly signer: Signer
  readonly own: OwnDevice
  readonly card: DeviceCard
  readonly prekeys: readonly PrekeySecrets[]
}

export async function createActor(name: string, environment: SessionEnvironment): Promise<Actor> {
  const rng = createSeededRng(`actor ${name}`)
  const signer = signerFromSeed(rng.bytes(32))
  const identityKey = await createKeyPair({ ...environment, rng })
  const { card, secrets } = await createDeviceCard(
    { signer, identityKey, number: 1 },
    { ...environment, rng },
  )
  const account = accountIdFromBytes(rng.bytes(32))
  const party = { account, device: deviceIdFromPublicKey(signer.publicKey) }
  return { signer, own: { party, identityKey, card }, card, prekeys: [secrets] }
}

export const FRESHNESS: Freshness = {
  sender: new Uint8Array(32).fill(1),
  recipient: new Uint8Array(32).fill(2),
}

export interface Cast {
  readonly environment: TestEnvironment
  readonly ada: Actor
  readonly ben: Actor
  readonly chat: ChatId
}

export async function createCast(
  environment: TestEnvironment = createEnvironment(),
): Promise<Cast> {
  const ada = await createActor('ada', environment)
  const ben = await createActor('ben', environment)
  const chat = directChatId(ada.own.party.account, ben.own.party.account)
  return { environment, ada, ben, chat }
}

export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const bytesText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** One side of a conversation: its set moves on with every step that succeeds. */
export interface Side {
  set: SessionSet
  /** Seals on the current session, or starts one from the peer's card. */
  say(text: string, environment?: SessionEnvironment): Promise<Envelope>
  /** What became of an envelope; the text when it opened. */
  hear(envelope: Envelope): Promise<Heard>
  /** Begins anew, as after a lost session. */
  startAnew(): Promise<void>
}

export type Heard =
  | { readonly kind: 'opened'; readonly text: string }
  | Exclude<Opening, { readonly kind: 'opened' }>

export function createSide(self: Actor, peer: Actor, { environment, chat }: Cast): Side {
  const cipher = createSessionCipher(environment)
  const side: Side = {
    set: createSessionSet({ self: self.own.party, peer: peer.own.party }),
    say: async (text, using = environment) => {
      if (side.set.sessions.length === 0) await side.startAnew()
      const input = { plaintext: textBytes(text), chat, freshness: FRESHNESS }
      const sealing = await createSessionCipher(using).seal(side.set, input)
      if (sealing.kind !== 'sealed') throw new Error('a session was just started')
      return sealing.step.into((set, envelope) => {
        side.set = set
        return envelope
      })
    },
    hear: async (envelope) => {
      const input = { self: self.own, prekeys: self.prekeys, envelope }
      const opening = await cipher.open(side.set, input)
      if (opening.kind !== 'opened') return opening
      return opening.step.into((set, { plaintext }) => {
        side.set = set
        return { kind: 'opened', text: bytesText(plaintext) }
      })
    },
    startAnew: async () => {
      side.set = await cipher.start(side.set, { self: self.own, peerCard: peer.card })
    },
  }
  return side
}

/** Both sides of one pair. */
export function createSides(cast: Cast): { readonly ada: Side; readonly ben: Side } {
  return { ada: createSide(cast.ada, cast.ben, cast), ben: createSide(cast.ben, cast.ada, cast) }
}
