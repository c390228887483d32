/**
 * libsignal as it comes: PQXDH and the triple ratchet with its defaults, driven by its own functions. Its stores keep
 * serialised records, as an application's database would. Like ours, Ben gives out no one-time prekeys.
 */

import {
  CiphertextMessageType,
  IdentityChange,
  IdentityKeyStore,
  KEMKeyPair,
  KEMPublicKey,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyBundle,
  type PreKeyRecord,
  PreKeySignalMessage,
  PreKeyStore,
  PrivateKey,
  ProtocolAddress,
  PublicKey,
  processPreKeyBundle,
  SessionRecord,
  SessionStore,
  SignalMessage,
  SignedPreKeyRecord,
  SignedPreKeyStore,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from '@signalapp/libsignal-client'
import type { Contender } from './contender.ts'
import type { SessionPair, Side } from './session-pair.ts'
import { timedPair } from './timed-pair.ts'

/** Beside our sessions. AGPL: it runs in this benchmark alone and is part of nothing that is shipped. */
export const libsignal: Contender = { pair: () => timedPair(async () => createPair()) }

/** What libsignal takes and gives. */
export type Bytes = Uint8Array<ArrayBuffer>

const REGISTRATION = 1
/** Both have one device. */
export const DEVICE = 1
const SIGNED_PREKEY = 1
const KYBER_PREKEY = 2

function createPair(): SessionPair {
  const devices = {
    ada: createDevice('11111111-1111-4111-8111-111111111111'),
    ben: createDevice('22222222-2222-4222-8222-222222222222'),
  }
  const { ada, ben } = devices
  const peerOf = (side: Side): Device => (side === 'ada' ? ben : ada)

  return {
    begin: async () => {
      ada.sessions.forget()
      ben.sessions.forget()
      await beginSession(ada, ben.address, ben.bundle)
    },
    seal: async (by, plaintext) => sealMessage(devices[by], peerOf(by).address, plaintext),
    open: async (by, bytes) => openMessage(devices[by], peerOf(by).address, bytes),
  }
}

/** Starts a session from what the other gives out. */
export function beginSession(device: Device, to: ProtocolAddress, bundle: Bundle): Promise<void> {
  const { address, sessions, identity } = device
  return processPreKeyBundle(readBundle(bundle), to, address, sessions, identity)
}

/** One byte says what kind of message follows. */
export async function sealMessage(
  { address, sessions, identity }: Device,
  to: ProtocolAddress,
  plaintext: Uint8Array,
): Promise<Bytes> {
  const message = await signalEncrypt(new Uint8Array(plaintext), to, address, sessions, identity)
  return Uint8Array.of(message.type(), ...message.serialize())
}

/** @throws what libsignal throws when it is none of this session */
export function openMessage(
  device: Device,
  from: ProtocolAddress,
  bytes: Uint8Array,
): Promise<Bytes> {
  const { address, sessions, identity } = device
  const body = bytes.slice(1)
  if (bytes[0] !== CiphertextMessageType.PreKey) {
    return signalDecrypt(SignalMessage.deserialize(body), from, address, sessions, identity)
  }
  return signalDecryptPreKey(
    PreKeySignalMessage.deserialize(body),
    from,
    address,
    sessions,
    identity,
    device.oneTime,
    device.signed,
    device.kyber,
  )
}

/** One side, with stores of its own. */
export interface Device {
  readonly address: ProtocolAddress
  readonly sessions: Sessions
  readonly identity: Identity
  readonly oneTime: NoOneTimePrekeys
  readonly signed: SignedPrekey
  readonly kyber: KyberPrekey
  readonly bundle: Bundle
}

/** What a device gives out, as it travels. */
export interface Bundle {
  readonly identityKey: Bytes
  readonly prekey: Bytes
  readonly prekeySignature: Bytes
  readonly kyberPrekey: Bytes
  readonly kyberSignature: Bytes
}

/** A device with all keys it needs; `name` is a UUID. */
export function createDevice(name: string): Device {
  const identityKey = PrivateKey.generate()
  const prekey = PrivateKey.generate()
  const kyber = KEMKeyPair.generate()
  const publicPrekey = prekey.getPublicKey()
  const prekeySignature = identityKey.sign(publicPrekey.serialize())
  const kyberSignature = identityKey.sign(kyber.getPublicKey().serialize())
  const now = Date.now()
  return {
    address: ProtocolAddress.new(name, DEVICE),
    sessions: new Sessions(),
    identity: new Identity(identityKey),
    oneTime: new NoOneTimePrekeys(),
    signed: new SignedPrekey(
      SignedPreKeyRecord.new(SIGNED_PREKEY, now, publicPrekey, prekey, prekeySignature),
    ),
    kyber: new KyberPrekey(KyberPreKeyRecord.new(KYBER_PREKEY, now, kyber, kyberSignature)),
    bundle: {
      identityKey: identityKey.getPublicKey().serialize(),
      prekey: publicPrekey.serialize(),
      prekeySignature,
      kyberPrekey: kyber.getPublicKey().serialize(),
      kyberSignature,
    },
  }
}

function readBundle(bundle: Bundle): PreKeyBundle {
  return PreKeyBundle.new(
    REGISTRATION,
    DEVICE,
    null,
    null,
    SIGNED_PREKEY,
    PublicKey.deserialize(bundle.prekey),
    bundle.prekeySignature,
    PublicKey.deserialize(bundle.identityKey),
    KYBER_PREKEY,
    KEMPublicKey.deserialize(bundle.kyberPrekey),
    bundle.kyberSignature,
  )
}

/** One record per device is all this benchmark has. */
class Sessions extends SessionStore {
  #record: Bytes | undefined

  forget(): void {
    this.#record = undefined
  }
  override async saveSession(_: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.#record = record.serialize()
  }
  override async getSession(): Promise<SessionRecord | null> {
    return this.#record === undefined ? null : SessionRecord.deserialize(this.#record)
  }
  override async getExistingSessions(): Promise<SessionRecord[]> {
    const record = await this.getSession()
    return record === null ? [] : [record]
  }
}

class Identity extends IdentityKeyStore {
  readonly #own: PrivateKey
  #peer: Bytes | undefined

  constructor(own: PrivateKey) {
    super()
    this.#own = own
  }
  override async getIdentityKey(): Promise<PrivateKey> {
    return this.#own
  }
  override async getLocalRegistrationId(): Promise<number> {
    return REGISTRATION
  }
  override async saveIdentity(_: ProtocolAddress, key: PublicKey): Promise<IdentityChange> {
    this.#peer = key.serialize()
    return IdentityChange.NewOrUnchanged
  }
  override async isTrustedIdentity(): Promise<boolean> {
    return true
  }
  override async getIdentity(): Promise<PublicKey | null> {
    return this.#peer === undefined ? null : PublicKey.deserialize(this.#peer)
  }
}

class NoOneTimePrekeys extends PreKeyStore {
  override async savePreKey(): Promise<void> {}
  override getPreKey(): Promise<PreKeyRecord> {
    throw new Error('there are none')
  }
  override async removePreKey(): Promise<void> {}
}

class SignedPrekey extends SignedPreKeyStore {
  readonly #record: Bytes

  constructor(record: SignedPreKeyRecord) {
    super()
    this.#record = record.serialize()
  }
  override async saveSignedPreKey(): Promise<void> {}
  override async getSignedPreKey(): Promise<SignedPreKeyRecord> {
    return SignedPreKeyRecord.deserialize(this.#record)
  }
}

/** Of last resort: it may be used again. */
class KyberPrekey extends KyberPreKeyStore {
  readonly #record: Bytes

  constructor(record: KyberPreKeyRecord) {
    super()
    this.#record = record.serialize()
  }
  override async saveKyberPreKey(): Promise<void> {}
  override async getKyberPreKey(): Promise<KyberPreKeyRecord> {
    return KyberPreKeyRecord.deserialize(this.#record)
  }
  override async markKyberPreKeyUsed(): Promise<void> {}
}
