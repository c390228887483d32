/** When a new epoch is due, and what it says (ALOG-16): pure, so that each device comes to the same. */

import type { EntryId, Rng } from '@kithmesh/protocol'
import type { AccountLog, LogCallOptions } from './account-log.ts'
import {
  createEpoch,
  type Epoch,
  type EpochId,
  type EpochKey,
  type EpochRing,
  isHigher,
  MAX_AFTER,
  MAX_EPOCHS,
  MAX_REMOVALS,
} from './epochs.ts'

/** A new epoch is made that often, too: a stolen key then opens one week. */
export const EPOCH_LIFE_MS: number = 7 * 86_400_000

/** What is read of a ring. */
export type EpochsRead = Pick<EpochRing, 'current' | 'get' | 'list'>

/**
 * Why no record may be written before there is a new epoch; undefined when the current one will do.
 * `removal`: the current epoch was made without knowledge of something in `out`, so that somebody who
 * is out may have its key. `week`: it is a week old.
 *
 * `out`: the ids of all entries of the device log that keep a device out now (revokes, and suspends and
 * leaves nobody answered; for a device whose time is over the id of its add). `now`: ms since 1970 UTC.
 */
export function epochDue(
  ring: EpochsRead,
  { out, now }: { readonly out: readonly EntryId[]; readonly now: number },
): 'removal' | 'week' | undefined {
  const current = ring.current()
  const known = removalsKnownTo(ring, [current])
  if (out.some((entry) => !known.has(entry))) return 'removal'
  // A clock that is ahead makes an epoch that lasts longer, not one that everybody replaces at once.
  return now - current.at >= EPOCH_LIFE_MS ? 'week' : undefined
}

/**
 * The epoch to make when {@link epochDue} says so; add it, and make it durable together with the entry
 * it is for. With over 64 new entries in `out` it is due again at once.
 */
export function nextEpoch(
  ring: EpochsRead,
  { out, at }: { readonly out: readonly EntryId[]; readonly at: number },
  rng: Rng,
): EpochKey {
  const stoodOn = heads(ring).slice(0, MAX_AFTER)
  const known = removalsKnownTo(ring, stoodOn)
  const removals = [...new Set(out)].filter((entry) => !known.has(entry)).slice(0, MAX_REMOVALS)
  const after = stoodOn.map(({ id }) => id)
  return createEpoch(rng, ring.current().number + 1, { at, removals, after })
}

/** What the makers of these epochs knew, as far as the ring tells. */
function removalsKnownTo(ring: EpochsRead, epochs: readonly Epoch[]): ReadonlySet<EntryId> {
  const known = new Set<EntryId>()
  const seen = new Set<EpochId>()
  const open = [...epochs]
  for (let epoch = open.pop(); epoch !== undefined; epoch = open.pop()) {
    if (seen.has(epoch.id)) continue
    seen.add(epoch.id)
    for (const entry of epoch.removals) known.add(entry)
    open.push(...epoch.after.map(ring.get).filter((one) => one !== undefined))
  }
  return known
}

/** Epochs on which no other stands, the highest first. */
function heads(ring: EpochsRead): readonly Epoch[] {
  const epochs = ring.list()
  const covered = new Set(epochs.flatMap(({ after }) => after))
  return epochs.filter(({ id }) => !covered.has(id)).toSorted((a, b) => (isHigher(a, b) ? -1 : 1))
}

/** Epochs that stay when room is made: enough for years of weeks until it is made again. */
const KEPT_EPOCHS: number = (3 / 4) * MAX_EPOCHS

/**
 * Makes room in a full ring: forgets the oldest epochs under which no record is stored. When a sibling
 * holds a record under one of them, it hands it over again. Reads every stored record.
 */
export async function dropUnusedEpochs(
  log: Pick<AccountLog, 'epochs' | 'holdings' | 'read'>,
  call: LogCallOptions = {},
): Promise<void> {
  const used = new Set<EpochId>()
  for (const { device, lane, stored } of log.holdings()) {
    for (const range of stored) {
      for await (const { epoch } of log.read({ device, lane, ...range }, call)) used.add(epoch)
    }
  }
  const epochs = log.epochs.list()
  const unused = epochs.filter(({ id }) => !used.has(id))
  for (const { id } of unused.slice(0, Math.max(0, epochs.length - KEPT_EPOCHS))) {
    log.epochs.drop(id)
  }
}
