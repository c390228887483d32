import {
  type AccountId,
  type DeviceCard,
  type DeviceId,
  deviceCardCodec,
  isKithError,
} from '@kithmesh/protocol'
import {
  type EpochGrant,
  type EpochId,
  type EpochKey,
  type EpochRing,
  openEpoch,
  sealEpoch,
} from '@kithmesh/sync'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf } from '../faults.ts'
import { MAX_GRANTS } from '../greeting/hello-wire.ts'

/** Epoch keys between siblings, each in a lockbox that only its receiver opens (OUT-3). */
export interface EpochHandover {
  held(): readonly EpochId[]
  /** What a device that is in lacks, sealed to the card it showed. */
  grantsFor(
    recipient: DeviceId,
    shown: { readonly card: Uint8Array; readonly epochs: readonly EpochId[] },
  ): readonly EpochGrant[]
  /** The epochs in grants of a sibling; what does not open is left out. */
  open(giver: DeviceId, grants: readonly EpochGrant[]): Promise<readonly EpochKey[]>
}

/** Handing over epochs of one account. */
export function createEpochHandover(
  { device, clock, rng, primitives, logger }: DeviceContext,
  parts: { readonly account: AccountId; readonly ring: EpochRing; readonly cards: Cards },
): EpochHandover {
  const { account, ring, cards } = parts

  function grantsFor(
    recipient: DeviceId,
    { card: encoded, epochs }: { readonly card: Uint8Array; readonly epochs: readonly EpochId[] },
  ): readonly EpochGrant[] {
    const held = new Set(epochs)
    const lacking = ring.list().filter(({ id }) => !held.has(id))
    if (lacking.length === 0) return []
    const to = { account, giver: device, recipient, now: clock.now() }
    try {
      const card: DeviceCard = deviceCardCodec.decode(encoded)
      // The newest first of all; what is left comes with the next hello.
      return lacking.slice(-MAX_GRANTS).map((epoch) => sealEpoch(epoch, { ...to, card }, rng))
    } catch (error) {
      // Its card has expired, or is none: it gets its epochs when it shows another.
      if (!isKithError(error)) throw error
      logger.debug('no epoch can be sealed to a sibling', { code: codeOf(error) })
      return []
    }
  }

  async function open(
    giver: DeviceId,
    grants: readonly EpochGrant[],
  ): Promise<readonly EpochKey[]> {
    const by = { account, giver, recipient: device, prekeys: cards.prekeys() }
    const opened = await Promise.all(grants.map((grant) => openEpoch(grant, by, primitives)))
    return opened.filter((epoch) => epoch !== undefined)
  }

  return { held: () => ring.list().map(({ id }) => id), grantsFor, open }
}
