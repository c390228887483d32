/**
 * Lockboxes: a secret sealed to somebody's X-Wing key, so that it can lie anywhere (protocol.md §6). Epoch
 * keys are handed to devices in them, and what recovery needs is kept in them.
 */

import { type Codec, codec } from './codec/codec.ts'
import { bytes, suited } from './codec/shape.ts'
import type { Rng } from './environment.ts'
import { isKithError, KithError } from './errors.ts'
import { domainBytes, joinBytes } from './identity/domain.ts'
import type { DeviceId } from './ids.ts'
import { HPKE_OVERHEAD_BYTES, type HpkeContext, openHpke, sealHpke } from './lockbox/hpke.ts'
import {
  expandXWingSeed,
  XWING_PUBLIC_KEY_BYTES,
  XWING_RANDOMNESS_BYTES,
  XWING_SEED_BYTES,
  type XWingSecret,
} from './lockbox/xwing.ts'
import { type DeviceCard, type PrekeySecrets, proveDeviceCard } from './session/device-card.ts'

/** What goes into a lockbox. */
export interface LockboxInput extends HpkeContext {
  /** X-Wing public key, 1,216 bytes: of a device card ({@link lockboxKeyOf}), or the recovery key. */
  readonly to: Uint8Array
  /** What the box is for; begins with a domain string (`domainBytes`). */
  readonly info: Uint8Array
  /** At most {@link MAX_LOCKBOX_PLAINTEXT_BYTES}. */
  readonly plaintext: Uint8Array
}

/** What opens a lockbox. */
export interface LockboxOpening extends HpkeContext {
  readonly secret: LockboxSecret
  readonly lockbox: Uint8Array
}

/** A device's pair of prekey secrets ({@link lockboxSecretOf}), or a 32-byte X-Wing seed. */
export type LockboxSecret = XWingSecret | Uint8Array

/** A copy of account data for recovery is the largest thing sealed: its text fits 1 MiB some ten times. */
export const MAX_LOCKBOX_PLAINTEXT_BYTES: number = 2 ** 20
/** Length of a lockbox over that of its plaintext, at most: the box, its suite and its length. */
export const LOCKBOX_OVERHEAD_BYTES: number = HPKE_OVERHEAD_BYTES + 8

const MAX_BOX_BYTES = MAX_LOCKBOX_PLAINTEXT_BYTES + HPKE_OVERHEAD_BYTES

/** Suite 1: HPKE base mode, X-Wing, HKDF-SHA256, ChaCha20-Poly1305. */
const lockboxCodec: Codec<Uint8Array> = codec(suited(1, bytes({ max: MAX_BOX_BYTES })), {
  maxBytes: MAX_BOX_BYTES + 8,
})

/**
 * Seals to an X-Wing key (SES-17). Who sealed it is not proved: whoever has the public key can.
 *
 * @throws ERR_KEY_REFUSED for a key that is none, ERR_TOO_LARGE
 *
 * @example
 * ```ts
 * const to = lockboxKeyOf(card, { device, now: clock.now() })
 * const lockbox = sealLockbox({ to, info, aad, plaintext }, rng)
 * ```
 */
export function sealLockbox(input: LockboxInput, rng: Rng): Uint8Array {
  const { to, info, aad, plaintext } = input
  if (to.length !== XWING_PUBLIC_KEY_BYTES) {
    throw new KithError('ERR_KEY_REFUSED', `an X-Wing key has ${XWING_PUBLIC_KEY_BYTES} bytes`)
  }
  if (plaintext.length > MAX_LOCKBOX_PLAINTEXT_BYTES) {
    throw new KithError('ERR_TOO_LARGE', `over ${MAX_LOCKBOX_PLAINTEXT_BYTES} bytes in a lockbox`)
  }
  const randomness = rng.bytes(XWING_RANDOMNESS_BYTES)
  return lockboxCodec.encode(sealHpke(to, { info: boxInfo(info), aad, plaintext }, randomness))
}

/**
 * What a lockbox holds; undefined when it is none, or was not sealed to this secret with this `info` and
 * `aad`.
 *
 * @throws ERR_SUITE_UNKNOWN for a box of a newer version
 */
export function openLockbox(opening: LockboxOpening): Uint8Array | undefined {
  const { secret, info, aad, lockbox } = opening
  const box = readBox(lockbox)
  if (box === undefined) return undefined
  return openHpke(halvesOf(secret), { info: boxInfo(info), aad, box })
}

/**
 * The key to seal to for a device: both prekeys of its card, which must stand now and be its own.
 *
 * @throws ERR_CARD_EXPIRED, ERR_CARD_SIGNATURE
 */
export function lockboxKeyOf(
  card: DeviceCard,
  { device, now }: { readonly device: DeviceId; readonly now: number },
): Uint8Array {
  if (card.device !== device) {
    throw new KithError('ERR_CARD_SIGNATURE', 'the card of another device')
  }
  proveDeviceCard(card, { now })
  return joinBytes(card.kemPrekey, card.prekey)
}

/** What opens the boxes sealed to a card of this device. */
export function lockboxSecretOf({ prekey, kemPrekey }: PrekeySecrets): LockboxSecret {
  return { mlkem: kemPrekey.secretKey, x25519: prekey.secretKey }
}

/** The prekeys also agree on sessions; a box is never made for anything else than a box. */
function boxInfo(info: Uint8Array): Uint8Array {
  return domainBytes('lockbox', info)
}

function readBox(lockbox: Uint8Array): Uint8Array | undefined {
  try {
    return lockboxCodec.decode(lockbox)
  } catch (error) {
    if (isKithError(error, 'ERR_SUITE_UNKNOWN')) throw error
    return undefined
  }
}

function halvesOf(secret: LockboxSecret): XWingSecret {
  if (!(secret instanceof Uint8Array)) return secret
  if (secret.length !== XWING_SEED_BYTES) {
    throw new KithError('ERR_KEY_REFUSED', `an X-Wing seed has ${XWING_SEED_BYTES} bytes`)
  }
  return expandXWingSeed(secret)
}
