import {
  bytes,
  type Codec,
  codec,
  domainBytes,
  type EntryId,
  entryId,
  KithError,
  list,
  mapped,
  type Rng,
  record,
  type Shape,
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
  /** When it was made, ms since 1970 UTC by the clock of its maker. */
  readonly at: number
  /**
   * Entries of the device log that put somebody out, which its maker knew and no epoch in `after`
   * was made for; ascending. Whoever has the key knows them (ALOG-16).
   */
  readonly removals: readonly EntryId[]
  /** Epochs its maker stood on; ascending. What they were made for, this one is, too. */
  readonly after: readonly EpochId[]
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
  /** All of them, by number, for {@link epochKeysCodec} and to hand over in this order. */
  list(): readonly Epoch[]
  /**
   * Adds an epoch; one that is there already changes nothing.
   *
   * @throws ERR_TOO_LARGE when there is no room: see `dropUnusedEpochs`; ERR_MALFORMED for a number
   * too far beyond the highest
   */
  add(epoch: EpochKey): Promise<Epoch>
  /**
   * Adds an epoch whose id another ring worked out, at once: the next record is sealed under it if it
   * is the current one. @throws as `add`
   */
  adopt(epoch: Epoch): Epoch
  /** Forgets an epoch that is not the current one: its records cannot be read any more. */
  drop(id: EpochId): void
  /** Called after each epoch that was new. The result ends it. */
  onAdded(listener: (epoch: Epoch) => void): () => void
}

/** Length of an epoch key: AES-256 and HKDF-SHA256 both take 32 bytes. */
const EPOCH_KEY_BYTES = 32
/** Bytes of an epoch id: it tells epochs of one account apart, 2^64 tries meet once. */
export const EPOCH_ID_BYTES = 16
/** Most epochs of one account: one a week and one a removal, for 15 years. */
export const MAX_EPOCHS = 1_024
/** Numbers stay below what one week's step can reach in any lifetime. */
const MAX_EPOCH_NUMBER = 2 ** 32 - 1
/** Entries one epoch is made for. Of more, the next epoch names the rest. */
export const MAX_REMOVALS = 64
/** Epochs one stands on: as many as devices can make at once. */
export const MAX_AFTER = 8

const epochIdShape: Shape<EpochId> = mapped(
  bytes({ length: EPOCH_ID_BYTES }),
  epochIdToBytes,
  epochIdFromBytes,
)

const epochKeyShape: Shape<EpochKey> = record({
  number: uint({ max: MAX_EPOCH_NUMBER }),
  key: bytes({ length: EPOCH_KEY_BYTES }),
  at: uint(),
  removals: ascending(list(entryId, { max: MAX_REMOVALS })),
  after: ascending(list(epochIdShape, { max: MAX_AFTER })),
})

/** One epoch in bytes, for its lockbox. Secret. */
export const epochKeyCodec: Codec<EpochKey> = codec(epochKeyShape, { maxBytes: 3 * 1024 })

/** Bytes of the keys of a ring: room for 1,024 epochs with some removals each. */
export const MAX_EPOCH_KEYS_BYTES: number = MAX_EPOCHS * 256

/** Keys of a ring in bytes, for a device that was just linked and for the disk. Secret. */
export const epochKeysCodec: Codec<readonly EpochKey[]> = codec(
  list(epochKeyShape, { max: MAX_EPOCHS }),
  { maxBytes: MAX_EPOCH_KEYS_BYTES },
)

/**
 * A new epoch. `number`: 1 for an account's first, which is all this is for outside of tests; later
 * ones are made by `nextEpoch`.
 */
export function createEpoch(
  rng: Rng,
  number: number,
  { at = 0, removals = [], after = [] }: Partial<Pick<EpochKey, 'at' | 'removals' | 'after'>> = {},
): EpochKey {
  return {
    number,
    key: rng.bytes(EPOCH_KEY_BYTES),
    at,
    removals: removals.toSorted(),
    after: after.toSorted(),
  }
}

/**
 * Makes a ring of at least one epoch: of what this device kept, or what it was linked with.
 *
 * @throws ERR_MALFORMED for none, ERR_TOO_LARGE for too many
 *
 * @example
 * ```ts
 * const ring = await createEpochRing([createEpoch(rng, 1, { at: clock.now() })], crypto)
 * await ring.add(nextEpoch(ring, { out: [revoke], at: clock.now() }, rng))
 * ```
 */
export async function createEpochRing(
  keys: readonly EpochKey[],
  crypto: Pick<RecordCrypto, 'sha256'>,
): Promise<EpochRing> {
  const epochs = new Map<EpochId, Epoch>()
  const listeners = new Set<(epoch: Epoch) => void>()
  let bytes = 0
  const put = (epoch: Epoch): void => {
    const size = epochKeyCodec.encode(epoch).length
    if (epochs.size >= MAX_EPOCHS || bytes + size > MAX_EPOCH_KEYS_BYTES - 8) {
      throw new KithError('ERR_TOO_LARGE', `over ${MAX_EPOCHS} epochs`)
    }
    bytes += size
    epochs.set(epoch.id, epoch)
  }
  for (const key of keys) {
    const epoch = await withId(key, crypto)
    if (!epochs.has(epoch.id)) put(epoch)
  }
  const current = (): Epoch => {
    const [first, ...others] = epochs.values()
    if (first === undefined) throw new KithError('ERR_MALFORMED', 'a ring without an epoch')
    return others.reduce((highest, epoch) => (isHigher(epoch, highest) ? epoch : highest), first)
  }
  current()
  const adopt = (epoch: Epoch): Epoch => {
    const known = epochs.get(epoch.id)
    if (known !== undefined) return known
    // One far ahead, by a hostile device, would leave its removal no number to go on with.
    if (epoch.number > current().number + MAX_EPOCHS) {
      throw new KithError('ERR_MALFORMED', 'an epoch too far ahead')
    }
    put(epoch)
    for (const listener of listeners) listener(epoch)
    return epoch
  }
  return {
    current,
    get: (id) => epochs.get(id),
    list: () => [...epochs.values()].sort((a, b) => (isHigher(a, b) ? 1 : -1)),
    add: async (key) => adopt(await withId(key, crypto)),
    adopt,
    drop: (id) => {
      const epoch = epochs.get(id)
      if (epoch === undefined || current().id === id) return
      bytes -= epochKeyCodec.encode(epoch).length
      epochs.delete(id)
    },
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
 * A hash over a key of 256 random bits tells nothing of it, and binds the id to it and to what the
 * epoch was made for: one id, one epoch.
 */
async function withId(epoch: EpochKey, crypto: Pick<RecordCrypto, 'sha256'>): Promise<Epoch> {
  const { number, key, at, removals, after } = epoch
  const hash = await crypto.sha256(domainBytes('account epoch', epochKeyCodec.encode(epoch)))
  return { number, key, at, removals, after, id: epochIdFromBytes(hash.slice(0, EPOCH_ID_BYTES)) }
}

/** Whether `a` comes behind `b`. */
export function isHigher(a: Epoch, b: Epoch): boolean {
  return a.number > b.number || (a.number === b.number && a.id > b.id)
}

/** A list with one order: each item once, ascending. */
function ascending<T extends string>(inner: Shape<readonly T[]>): Shape<readonly T[]> {
  const checked = (items: readonly T[]): readonly T[] => {
    if (items.every((item, at) => at === 0 || (items[at - 1] ?? '') < item)) return items
    throw new KithError('ERR_MALFORMED', 'a list out of order')
  }
  return mapped(inner, checked, checked)
}
