import {
  bytes,
  type Codec,
  codec,
  domainBytes,
  KithError,
  list,
  type Rng,
  record,
  uint,
} from '@kithmesh/protocol'
import type { RecordCrypto } from './record-crypto.ts'

declare const kind: unique symbol

/** Names an epoch without telling its key: 32 hexadecimal digits. */
export type EpochId = string & { readonly [kind]: 'epoch' }

/** What is handed to a device that may read an epoch. */
export interface EpochKey {
  /** Counts up with every removal and every week; two devices may make the same number at once. */
  readonly number: number
  /** 32 random bytes. */
  readonly key: Uint8Array
}

/** An epoch this device can read. */
export interface Epoch extends EpochKey {
  readonly id: EpochId
}

/** Every epoch this device can read. Records name theirs; new ones are sealed under the current. */
export interface EpochRing {
  /**
   * The epoch to write under: the highest by number, then by id, so that all devices come to the
   * same (ALOG-5).
   */
  current(): Epoch
  get(id: EpochId): Epoch | undefined
  /** All of them, for {@link epochKeysCodec}. */
  list(): readonly Epoch[]
  /** Adds an epoch; one that is there already changes nothing. @throws ERR_TOO_LARGE */
  add(epoch: EpochKey): Promise<Epoch>
  /** Called after each epoch that was new. The result ends it. */
  onAdded(listener: (epoch: Epoch) => void): () => void
}

/** Length of an epoch key: AES-256 and HKDF-SHA256 both take 32 bytes. */
const EPOCH_KEY_BYTES = 32
/** Bytes of an epoch id: it tells epochs of one account apart, 2^64 tries meet once. */
export const EPOCH_ID_BYTES = 16
/** Most epochs of one account: one a week and one a removal, for 15 years. */
const MAX_EPOCHS = 1_024
/** Numbers stay below what one week's step can reach in any lifetime. */
const MAX_EPOCH_NUMBER = 2 ** 32 - 1

/** Keys of a ring in bytes, for a device that was just linked and for the disk. Secret. */
export const epochKeysCodec: Codec<readonly EpochKey[]> = codec(
  list(
    record({ number: uint({ max: MAX_EPOCH_NUMBER }), key: bytes({ length: EPOCH_KEY_BYTES }) }),
    {
      max: MAX_EPOCHS,
    },
  ),
  { maxBytes: MAX_EPOCHS * 48 },
)

/** A new epoch. `number`: one more than the current one's, 1 for an account's first. */
export function createEpoch(rng: Rng, number: number): EpochKey {
  return { number, key: rng.bytes(EPOCH_KEY_BYTES) }
}

/**
 * Makes a ring of at least one epoch. @throws ERR_MALFORMED for none, ERR_TOO_LARGE for too many
 *
 * @example
 * ```ts
 * const ring = await createEpochRing([createEpoch(rng, 1)], crypto)
 * await ring.add(createEpoch(rng, ring.current().number + 1))
 * ```
 */
export async function createEpochRing(
  keys: readonly EpochKey[],
  crypto: Pick<RecordCrypto, 'sha256'>,
): Promise<EpochRing> {
  const epochs = new Map<EpochId, Epoch>()
  const listeners = new Set<(epoch: Epoch) => void>()
  const add = async ({ number, key }: EpochKey): Promise<Epoch> => {
    const epoch = { number, key, id: await epochIdOf({ number, key }, crypto) }
    const known = epochs.get(epoch.id)
    if (known !== undefined) return known
    if (epochs.size >= MAX_EPOCHS) throw new KithError('ERR_TOO_LARGE', `over ${MAX_EPOCHS} epochs`)
    epochs.set(epoch.id, epoch)
    for (const listener of listeners) listener(epoch)
    return epoch
  }
  for (const key of keys) await add(key)
  const current = (): Epoch => {
    const [first, ...others] = epochs.values()
    if (first === undefined) throw new KithError('ERR_MALFORMED', 'a ring without an epoch')
    return others.reduce((highest, epoch) => (isHigher(epoch, highest) ? epoch : highest), first)
  }
  current()
  return {
    current,
    get: (id) => epochs.get(id),
    list: () => [...epochs.values()],
    add,
    onAdded: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** An epoch id from its 16 bytes. @throws ERR_MALFORMED */
export function epochIdFromBytes(id: Uint8Array): EpochId {
  if (id.length !== EPOCH_ID_BYTES) throw new KithError('ERR_MALFORMED', 'not an epoch id')
  let text = ''
  for (const byte of id) text += HEX[byte]
  return text as EpochId
}

/** The 16 bytes of an epoch id. */
export function epochIdToBytes(id: EpochId): Uint8Array {
  const bytes = new Uint8Array(EPOCH_ID_BYTES)
  for (let at = 0; at < EPOCH_ID_BYTES; at += 1) {
    bytes[at] = Number.parseInt(id.slice(2 * at, 2 * at + 2), 16)
  }
  return bytes
}

/** Two digits for each byte: every record of a backlog names its epoch. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/**
 * A hash over a key of 256 random bits tells nothing of it, and binds the id to it: one id, one
 * key.
 */
async function epochIdOf(
  { number, key }: EpochKey,
  crypto: Pick<RecordCrypto, 'sha256'>,
): Promise<EpochId> {
  const position = new Uint8Array(8)
  new DataView(position.buffer).setBigUint64(0, BigInt(number))
  const hash = await crypto.sha256(domainBytes('account epoch', position, key))
  return epochIdFromBytes(hash.slice(0, EPOCH_ID_BYTES))
}

function isHigher(a: Epoch, b: Epoch): boolean {
  return a.number > b.number || (a.number === b.number && a.id > b.id)
}
