/** What a damaged store asks for before anything is read from it (STO-48 … STO-52). */

import {
  type AccountId,
  codec,
  decoded,
  KithError,
  list,
  record,
  uint,
  variants,
} from '@kithmesh/protocol'
import { accountOp, readAccount } from '../account/account.ts'
import type { DeviceLogs } from '../account/device-logs.ts'
import { rebuildChats } from '../chats/rebuild.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged } from '../staged.ts'
import type { Op } from '../store/store-types.ts'
import { mayHaveLost } from './losses.ts'
import { readSpare } from './spare.ts'

/** Name among the single values of a device. */
const MENDED = 'mended'
/**
 * Commits the anchor may not have heard of: it lags by what was not on the disk when the power went, some
 * seconds of writing.
 */
const UNHEARD_COMMITS = 65_536

/** One for each table of a store, and two for the store itself. */
const MAX_DAMAGES = 258

const mendedCodec = codec(
  variants('kind', {
    mended: record({ noticed: list(uint(), { max: MAX_DAMAGES }), writtenUpTo: uint() }),
  }),
  { maxBytes: 4096 },
)

/**
 * Makes a home that lost something fit to be opened: what does not open goes, what an older state of would do
 * harm goes with it, and what tells the account is put back. Once for each damage; the rest is healed from
 * siblings.
 */
export async function mendHome(context: DeviceContext): Promise<void> {
  const { store, tables } = context
  if (store.damage.length === 0) return
  await store.sweep()
  const before = await readMended(context)
  // Compared, not ordered: a clock may have been set back since the damage before.
  const noticed = store.damage.map(({ noticedAt }) => noticedAt)
  if (noticed.join() !== before.noticed.join()) {
    // No number of ours is higher: every record was part of a commit of its own (STO-51).
    const writtenUpTo = Math.max(before.writtenUpTo, store.commits + UNHEARD_COMMITS)
    await store.commit([
      ...(await sessionDrops(context)),
      ...(await coverDrops(context)),
      tables.device.put(MENDED, mendedCodec.encode({ kind: 'mended', noticed, writtenUpTo })),
    ])
  }
  if (chatTables(context).some((table) => mayHaveLost(store.damage, table)))
    await rebuildChats(context)
  await restoreAccount(context)
}

/** The number up to which own records may have been written that the store has forgotten; 0 for none. */
export async function readWrittenUpTo(context: DeviceContext): Promise<number> {
  return (await readMended(context)).writtenUpTo
}

async function readMended({
  tables,
}: DeviceContext): Promise<{ readonly noticed: readonly number[]; readonly writtenUpTo: number }> {
  const stored = await tables.device.get(MENDED)
  const none = { noticed: [], writtenUpTo: 0 }
  return stored ? (decoded(mendedCodec, stored) ?? none) : none
}

/** An older state of a session would seal two things under one key (B2): all begin anew. */
async function sessionDrops({ store, tables }: DeviceContext): Promise<readonly Op[]> {
  const drops: Op[] = []
  if (!mayHaveLost(store.damage, tables.sessions.name)) return drops
  for await (const device of tables.sessions.keys()) drops.push(tables.sessions.delete(device))
  return drops
}

/**
 * Places are covered by a snapshot. Where it may be lost they are not: records they had are asked for again, and
 * the snapshots that are left cover theirs when they are read (STO-56).
 */
async function coverDrops({ store, tables }: DeviceContext): Promise<readonly Op[]> {
  const drops: Op[] = []
  if (!mayHaveLost(store.damage, tables.records.name)) return drops
  for await (const span of tables.covered.keys()) drops.push(tables.covered.delete(span))
  return drops
}

/** What is made of contents, and they themselves. */
function chatTables({ tables }: DeviceContext): readonly string[] {
  const { contents, contentPlaces, chats, numbers, awaited } = tables
  return [contents, contentPlaces, chats, numbers, awaited].map(({ name }) => name)
}

async function restoreAccount(context: DeviceContext): Promise<void> {
  if ((await readAccount(context)) !== undefined) return
  const spare = await readSpare(context)
  if (spare) await context.store.commit([accountOp(context, spare.account)])
}

/** A damaged home whose account nobody can tell any more gets no new one without being asked. @throws ERR_STORE_CORRUPT */
export function requireAccountKept({ store }: DeviceContext): void {
  if (store.damage.length === 0) return
  throw new KithError('ERR_STORE_CORRUPT', 'this home has lost what it knows of its account', {
    hint: 'Restore the home from a backup, or start with an empty home and link the device anew.',
  })
}

/** Puts back the log by which this device is in its account, where the store lost some of it. */
export async function restoreOwnLog(
  context: DeviceContext,
  { account, logs }: { readonly account: AccountId; readonly logs: DeviceLogs },
): Promise<void> {
  if (!mayHaveLost(context.store.damage, context.tables.logEntries.name)) return
  const spare = await readSpare(context)
  if (spare?.account !== account) return
  const staged = logs.stage(account, spare.entries)
  if (staged) await commitStaged(context.store, [staged])
}
