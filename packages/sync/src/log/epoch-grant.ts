/** Handing an epoch over: its key in a lockbox that only the receiving device can open (ALOG-17). */

import {
  type AccountId,
  accountIdToBytes,
  bytes,
  type Codec,
  codec,
  type DeviceCard,
  type DeviceId,
  decoded,
  domainBytes,
  LOCKBOX_OVERHEAD_BYTES,
  lockboxKeyOf,
  lockboxSecretOf,
  mapped,
  openLockbox,
  type PrekeySecrets,
  publicKeyOfDevice,
  type Rng,
  record,
  sealLockbox,
  uint,
} from '@kithmesh/protocol'
import {
  createEpochRing,
  EPOCH_ID_BYTES,
  type Epoch,
  type EpochId,
  type EpochKey,
  epochIdFromBytes,
  epochIdToBytes,
  epochKeyCodec,
} from './epochs.ts'
import type { RecordCrypto } from './record-crypto.ts'

/** An epoch on its way to one device. Only who it is for can read it; its id anybody. */
export interface EpochGrant {
  readonly epoch: EpochId
  /** The number of the receiver's card it was sealed to. */
  readonly card: number
  readonly lockbox: Uint8Array
}

/** Between whom an epoch is handed over. */
export interface EpochHandover {
  readonly account: AccountId
  readonly giver: DeviceId
  readonly recipient: DeviceId
}

const MAX_LOCKBOX_BYTES = 3 * 1024 + LOCKBOX_OVERHEAD_BYTES

/** Bytes of a grant, at most. */
export const MAX_EPOCH_GRANT_BYTES: number = MAX_LOCKBOX_BYTES + 64

/** Grants in bytes. */
export const epochGrantCodec: Codec<EpochGrant> = codec(
  record({
    epoch: mapped<EpochId, Uint8Array>(
      bytes({ length: EPOCH_ID_BYTES }),
      epochIdToBytes,
      epochIdFromBytes,
    ),
    card: uint(),
    lockbox: bytes({ max: MAX_LOCKBOX_BYTES }),
  }),
  { maxBytes: MAX_EPOCH_GRANT_BYTES },
)

/**
 * Seals an epoch to a device of the account. Only for one that is in, in a log that holds the epoch's
 * removals. `now`: ms since 1970 UTC.
 *
 * @throws ERR_CARD_EXPIRED, ERR_CARD_SIGNATURE when the card does not stand or is another device's
 *
 * @example
 * ```ts
 * const grant = sealEpoch(epoch, { account, giver: device, recipient, card, now: clock.now() }, rng)
 * const epoch = await openEpoch(grant, { account, giver, recipient: device, prekeys }, crypto)
 * ```
 */
export function sealEpoch(
  epoch: Epoch,
  to: EpochHandover & { readonly card: DeviceCard; readonly now: number },
  rng: Rng,
): EpochGrant {
  const { card, now, recipient: device } = to
  const lockbox = sealLockbox(
    {
      to: lockboxKeyOf(card, { device, now }),
      info: infoOf(to),
      aad: epochIdToBytes(epoch.id),
      plaintext: epochKeyCodec.encode(epoch),
    },
    rng,
  )
  return { epoch: epoch.id, card: card.number, lockbox }
}

/**
 * The epoch of a grant; undefined when it was not sealed for this device by this giver, or is another
 * than it says. That the giver is a sibling is proved by the connection it came over, not here.
 *
 * @throws ERR_SUITE_UNKNOWN for a box of a newer version
 */
export async function openEpoch(
  { epoch: id, card, lockbox }: EpochGrant,
  by: EpochHandover & { readonly prekeys: readonly PrekeySecrets[] },
  crypto: Pick<RecordCrypto, 'sha256'>,
): Promise<EpochKey | undefined> {
  const secrets = by.prekeys.find(({ number }) => number === card)
  if (secrets === undefined) return undefined
  const secret = lockboxSecretOf(secrets)
  const opened = openLockbox({ secret, info: infoOf(by), aad: epochIdToBytes(id), lockbox })
  const epoch = opened && decoded(epochKeyCodec, opened)
  if (epoch === undefined) return undefined
  const ring = await createEpochRing([epoch], crypto)
  return ring.current().id === id ? epoch : undefined
}

function infoOf({ account, giver, recipient }: EpochHandover): Uint8Array {
  return domainBytes(
    'epoch grant',
    accountIdToBytes(account),
    publicKeyOfDevice(giver),
    publicKeyOfDevice(recipient),
  )
}
