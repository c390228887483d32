import {
  CARD_ROTATION_MS,
  createDeviceCard,
  createKeyPair,
  type DeviceCard,
  type DeviceId,
  deviceCardCodec,
  isKithError,
  type KeyPair,
  keyPairCodec,
  type PrekeySecrets,
  prekeySecretsCodec,
  prekeysToKeep,
  verifyDeviceCard,
} from '@kithmesh/protocol'
import type { DeviceContext } from './context.ts'
import { type Staged, stagedOps } from './staged.ts'
import type { Op } from './store/store-types.ts'

/** Device cards: ours with their secrets, and the newest one of each device we met. */
export interface Cards {
  /** Our newest card, encoded. */
  own(): Uint8Array
  ownIdentity(): { readonly identityKey: KeyPair; readonly card: DeviceCard }
  prekeys(): readonly PrekeySecrets[]
  /** A card that stands now; undefined when there is none. */
  get(device: DeviceId): Promise<DeviceCard | undefined>
  /** Takes a device's card when it is genuine and newer than ours; undefined when it is neither. */
  stage(device: DeviceId, card: Uint8Array): Promise<Staged | undefined>
  /** Drops the card of a device that is out of its account: nothing is sealed to it (OUT-6). */
  stageForget(device: DeviceId): Staged
}

const IDENTITY_KEY = 'identity key'
const OWN_CARD = 'own card'

/** Opens the cards on disk; makes this device's first card, or its next one when a week is over (SES-3). */
export async function openCards(context: DeviceContext): Promise<Cards> {
  const { tables, store, clock, rng, primitives, signer } = context
  const environment = { clock, rng, primitives }
  const ops: Op[] = []

  const identityKey = await ownIdentityKey()
  const kept: PrekeySecrets[] = []
  for await (const [, secrets] of tables.prekeys.entries()) {
    kept.push(prekeySecretsCodec.decode(secrets))
  }
  const card = await ownCard()
  const prekeys = prekeysToKeep(kept, { now: clock.now() })
  for (const { number } of kept) {
    if (!prekeys.some((one) => one.number === number)) ops.push(tables.prekeys.delete(number))
  }
  if (ops.length > 0) await store.commit(ops)
  const encoded = deviceCardCodec.encode(card)

  async function ownIdentityKey(): Promise<KeyPair> {
    const stored = await tables.device.get(IDENTITY_KEY)
    if (stored) return keyPairCodec.decode(stored)
    const fresh = await createKeyPair(environment)
    ops.push(tables.device.put(IDENTITY_KEY, keyPairCodec.encode(fresh)))
    return fresh
  }

  async function ownCard(): Promise<DeviceCard> {
    const stored = await tables.device.get(OWN_CARD)
    const current = stored && deviceCardCodec.decode(stored)
    if (current && clock.now() - current.createdAt < CARD_ROTATION_MS) return current
    const number = (current?.number ?? 0) + 1
    const { card: next, secrets } = await createDeviceCard(
      { signer, identityKey, number },
      environment,
    )
    kept.push(secrets)
    ops.push(
      tables.prekeys.put(number, prekeySecretsCodec.encode(secrets)),
      tables.device.put(OWN_CARD, deviceCardCodec.encode(next)),
    )
    return next
  }

  async function get(device: DeviceId): Promise<DeviceCard | undefined> {
    const stored = await tables.cards.get(device)
    return stored && genuine(stored)
  }

  async function stage(device: DeviceId, bytes: Uint8Array): Promise<Staged | undefined> {
    const theirs = genuine(bytes)
    if (theirs?.device !== device) return undefined
    const known = await tables.cards.get(device)
    if (known && deviceCardCodec.decode(known).number >= theirs.number) return undefined
    return stagedOps(tables.cards.put(device, bytes))
  }

  function genuine(bytes: Uint8Array): DeviceCard | undefined {
    try {
      return verifyDeviceCard(bytes, { now: clock.now() })
    } catch (error) {
      if (isKithError(error)) return undefined
      throw error
    }
  }

  return {
    own: () => encoded,
    ownIdentity: () => ({ identityKey, card }),
    prekeys: () => prekeys,
    get,
    stage,
    stageForget: (device) => stagedOps(tables.cards.delete(device)),
  }
}
