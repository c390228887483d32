import {
  accountIdFromBytes,
  createDeviceCard,
  createKeyPair,
  createSessionCipher,
  createSessionSet,
  deviceCardCodec,
  deviceIdFromPublicKey,
  directChatId,
  envelopeCodec,
  type OwnDevice,
  type PrekeySecrets,
  type Primitives,
  type SessionEnvironment,
  sessionSetCodec,
  signerFromSeed,
} from '@kithmesh/protocol'
import type { SessionPair } from './session-pair.ts'

/** Ours: the sessions of two devices on these primitives, in Node or in a page. */
export async function createKithmeshPair(primitives: Primitives): Promise<SessionPair> {
  const environment: SessionEnvironment = {
    primitives,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    rng: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  }
  const cipher = createSessionCipher(environment)
  const devices = { ada: await createDevice(environment), ben: await createDevice(environment) }
  const { ada, ben } = devices
  const chat = directChatId(ada.own.party.account, ben.own.party.account)
  const freshness = { sender: new Uint8Array(32).fill(1), recipient: new Uint8Array(32).fill(2) }

  return {
    begin: async () => {
      ada.state = emptyState(ada, ben)
      ben.state = emptyState(ben, ada)
      const peerCard = deviceCardCodec.decode(ben.card)
      const state = sessionSetCodec.decode(ada.state)
      ada.state = sessionSetCodec.encode(await cipher.start(state, { self: ada.own, peerCard }))
    },
    seal: async (by, plaintext) => {
      const device = devices[by]
      const state = sessionSetCodec.decode(device.state)
      const sealing = await cipher.seal(state, { plaintext, chat, freshness })
      if (sealing.kind !== 'sealed') throw new Error(sealing.kind)
      return sealing.step.into((next, envelope) => {
        device.state = sessionSetCodec.encode(next)
        return envelopeCodec.encode(envelope)
      })
    },
    open: async (by, message) => {
      const device = devices[by]
      const { own: self, prekeys } = device
      const state = sessionSetCodec.decode(device.state)
      const envelope = envelopeCodec.decode(message)
      const opening = await cipher.open(state, { self, prekeys, envelope })
      if (opening.kind !== 'opened') throw new Error(opening.kind)
      return opening.step.into((next, { plaintext }) => {
        device.state = sessionSetCodec.encode(next)
        return plaintext
      })
    },
  }
}

interface Device {
  readonly own: OwnDevice
  /** As it is given out. */
  readonly card: Uint8Array
  /** In memory, where a running device has them too. */
  readonly prekeys: readonly PrekeySecrets[]
  /** Its sessions with the other, as they are stored. */
  state: Uint8Array
}

async function createDevice(environment: SessionEnvironment): Promise<Device> {
  const { rng } = environment
  const signer = signerFromSeed(rng.bytes(32))
  const identityKey = await createKeyPair(environment)
  const { card, secrets } = await createDeviceCard({ signer, identityKey, number: 1 }, environment)
  const account = accountIdFromBytes(rng.bytes(32))
  const party = { account, device: deviceIdFromPublicKey(signer.publicKey) }
  return {
    own: { party, identityKey, card },
    card: deviceCardCodec.encode(card),
    prekeys: [secrets],
    state: new Uint8Array(),
  }
}

function emptyState(self: Device, peer: Device): Uint8Array {
  return sessionSetCodec.encode(createSessionSet({ self: self.own.party, peer: peer.own.party }))
}
