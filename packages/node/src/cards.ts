import {
  createDeviceCard,
  createKeyPair,
  type DeviceCard,
  type DeviceId,
  decoded,
  deviceCardCodec,
  equalBytes,
  isCardDue,
  isCardInTime,
  isKithError,
  isOneTimeCard,
  type KeyPair,
  keyPairCodec,
  type PrekeySecrets,
  prekeySecretsCodec,
  prekeysToKeep,
  proveCardSignature,
  verifyDeviceCard,
} from '@kithmesh/protocol'
import { createEvents, type TypedEvents } from '@kithmesh/sync'
import type { DeviceContext } from './context.ts'
import { createSerial } from './serial.ts'
import type { Staged } from './staged.ts'
import type { Op } from './store/store-types.ts'

/** `detail` by event name. */
export interface CardEvents {
  /** This device has another card to give out; it is on the disk. */
  'card:renewed': { readonly number: number }
}

/** Device cards: ours with their secrets, and the newest one of each device we met or were told of. */
export interface Cards {
  readonly events: TypedEvents<CardEvents>
  /** Our newest card, encoded. */
  own(): Uint8Array
  ownIdentity(): { readonly identityKey: KeyPair; readonly card: DeviceCard }
  prekeys(): readonly PrekeySecrets[]
  /** A card that stands now; undefined when there is none. */
  get(device: DeviceId): Promise<DeviceCard | undefined>
  /** The card here of another device as it came, whether it still stands or not. */
  kept(device: DeviceId): Promise<KeptCard | undefined>
  /** Takes a device's card when it is genuine and newer than one here that stands; undefined when not. */
  stage(device: DeviceId, card: Uint8Array): Promise<Staged | undefined>
  /** Drops the card of a device that is out of its account: nothing is sealed to it (OUT-6). */
  stageForget(device: DeviceId): Staged
  /**
   * Makes the next card when a week is over, and erases secrets that were kept for long enough (SES-3).
   *
   * @throws ERR_STORE_WRITE
   */
  renew(): Promise<void>
  /**
   * Another device holds this card of ours. If this device did not make it, as when it was put back to a
   * copy, its secrets are gone: the next card is made behind it (SES-22). @throws ERR_STORE_WRITE
   */
  overtake(shown: Uint8Array): Promise<void>
}

/** A card as it lies on the disk. */
export interface KeptCard {
  readonly bytes: Uint8Array
  readonly number: number
  /** Whether it is in time: a session can be started with it. */
  readonly stands: boolean
}

const IDENTITY_KEY = 'identity key'
const OWN_CARD = 'own card'
/** Two that run from one disk would else overtake each other for ever. */
const OVERTAKE_INTERVAL_MS = 60 * 60 * 1000

/** Opens the cards on disk; makes this device's first card, or its next one when a week is over. */
export async function openCards(context: DeviceContext): Promise<Cards> {
  const { tables, store, clock, signer, logger, primitives } = context
  const identityKey = await openIdentityKey(context)
  const events = createEvents<CardEvents>()
  const serial = createSerial<'own'>()
  /** Handed to the disk: of two cards of one device that come at once the newer one stays. */
  const newest = new Map<DeviceId, DeviceCard>()
  let prekeys = await keptPrekeys()
  let card = await openOwnCard()
  let overtakenAt = Number.NEGATIVE_INFINITY
  await renew()

  async function keptPrekeys(): Promise<readonly PrekeySecrets[]> {
    const kept: PrekeySecrets[] = []
    for await (const [, secrets] of tables.prekeys.entries()) {
      kept.push(prekeySecretsCodec.decode(secrets))
    }
    return kept
  }

  async function openOwnCard(): Promise<DeviceCard> {
    const stored = await tables.device.get(OWN_CARD)
    if (!stored) return makeCard(1)
    const kept = deviceCardCodec.decode(stored)
    // Its secrets were lost: what is sealed to it could not be opened here (STO-52).
    const isUsable = prekeys.some(({ number }) => number === kept.number)
    return isUsable ? kept : makeCard(kept.number + 1)
  }

  /** Card and secrets in one batch, before anybody is given the card. */
  async function makeCard(number: number): Promise<DeviceCard> {
    const made = await createDeviceCard({ signer, identityKey, number }, context)
    await keep(
      [...prekeys, made.secrets],
      [
        tables.prekeys.put(number, prekeySecretsCodec.encode(made.secrets)),
        tables.device.put(OWN_CARD, deviceCardCodec.encode(made.card)),
      ],
    )
    return made.card
  }

  /** Writes `ops`, and erases what of `secrets` need not be kept any longer. */
  async function keep(secrets: readonly PrekeySecrets[], ops: readonly Op[]): Promise<void> {
    const kept = prekeysToKeep(secrets, { now: clock.now() })
    const erased = secrets.filter((one) => !kept.includes(one))
    const all = [...ops, ...erased.map(({ number }) => tables.prekeys.delete(number))]
    if (all.length > 0) await store.commit(all)
    prekeys = kept
  }

  function renew(): Promise<void> {
    return serial('own', async () => {
      if (!isCardDue(card, { now: clock.now() })) return keep(prekeys, [])
      giveOut(await makeCard(card.number + 1))
    })
  }

  function overtake(shown: Uint8Array): Promise<void> {
    return serial('own', async () => {
      const theirs = decoded(deviceCardCodec, shown)
      if (theirs?.device !== context.device || isOneTimeCard(theirs)) return
      if (theirs.number < card.number || isOwn(shown)) return
      // Proving costs a signature: what changes nothing now is not worth it.
      if (clock.monotonic() - overtakenAt < OVERTAKE_INTERVAL_MS) return
      // Whatever its time: it stands by the clock of who shows it, and its number is in use.
      if (!(await holds(proveCardSignature(theirs, primitives)))) return
      overtakenAt = clock.monotonic()
      logger.warn('this device runs from a copy: it gave out cards that it does not know')
      giveOut(await makeCard(theirs.number + 1))
    })
  }

  function giveOut(made: DeviceCard): void {
    card = made
    events.emit('card:renewed', { number: made.number })
  }

  function isOwn(bytes: Uint8Array): boolean {
    return equalBytes(bytes, deviceCardCodec.encode(card))
  }

  async function get(device: DeviceId): Promise<DeviceCard | undefined> {
    const stored = await tables.cards.get(device)
    return stored && (await isGenuine(stored)) ? deviceCardCodec.decode(stored) : undefined
  }

  async function stage(device: DeviceId, bytes: Uint8Array): Promise<Staged | undefined> {
    const theirs = decoded(deviceCardCodec, bytes)
    if (theirs?.device !== device || isOneTimeCard(theirs)) return undefined
    const before = await tables.cards.get(device)
    // Proving costs a signature: the card that is here, or an older one, is not worth it.
    if (before && !replaces(theirs, deviceCardCodec.decode(before))) return undefined
    if (!(await isGenuine(bytes))) return undefined
    return {
      ops: () => {
        const handed = newest.get(device)
        if (handed && !replaces(theirs, handed)) return []
        newest.set(device, theirs)
        return [tables.cards.put(device, bytes)]
      },
      discard: () => void newest.delete(device),
    }
  }

  /**
   * Nothing can be sealed to a card that does not stand, so it keeps none out that does, whatever their
   * numbers: a device that was put back to a copy counts from there once more (SES-19).
   */
  function replaces(theirs: DeviceCard, before: DeviceCard): boolean {
    return stands(before) ? theirs.number > before.number : stands(theirs)
  }

  function stands(one: DeviceCard): boolean {
    return isCardInTime(one, { now: clock.now() })
  }

  function stageForget(device: DeviceId): Staged {
    return {
      ops: () => {
        newest.delete(device)
        return [tables.cards.delete(device)]
      },
    }
  }

  function isGenuine(bytes: Uint8Array): Promise<boolean> {
    return holds(verifyDeviceCard(bytes, { now: clock.now() }, primitives))
  }

  async function kept(device: DeviceId): Promise<KeptCard | undefined> {
    const bytes = await tables.cards.get(device)
    if (!bytes) return undefined
    const read = deviceCardCodec.decode(bytes)
    return { bytes, number: read.number, stands: stands(read) }
  }

  return {
    events,
    own: () => deviceCardCodec.encode(card),
    ownIdentity: () => ({ identityKey, card }),
    prekeys: () => prekeys,
    get,
    kept,
    stage,
    stageForget,
    renew,
    overtake,
  }
}

/** Whether a proof does not end in a refusal. */
async function holds(proof: Promise<unknown>): Promise<boolean> {
  try {
    await proof
    return true
  } catch (error) {
    if (isKithError(error)) return false
    throw error
  }
}

/** X25519, made once: the same in every card of the device. */
async function openIdentityKey(context: DeviceContext): Promise<KeyPair> {
  const { tables, store } = context
  const stored = await tables.device.get(IDENTITY_KEY)
  if (stored) return keyPairCodec.decode(stored)
  const fresh = await createKeyPair(context)
  await store.commit([tables.device.put(IDENTITY_KEY, keyPairCodec.encode(fresh))])
  return fresh
}
