/** From described changes to one batch of bytes, and the ledger that goes with it. */

import type { MaybePromise, Rng } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import type { Backend, ByteWrite } from './backend.ts'
import {
  countChanges,
  type EntryChange,
  entryFingerprint,
  type Ledger,
  ledgerCodec,
} from './ledger.ts'
import { allReady, whenReady } from './ready.ts'
import type { Op } from './store-types.ts'
import { LEDGER_KEY, storedKeyBytes, textOfBytes } from './stored-key.ts'
import { NONCE_BYTES, sealKeyed, sealValue } from './value-seal.ts'

/** What is written, and what the store then knows of itself. */
export interface StagedCommits {
  readonly batch: readonly ByteWrite[]
  readonly ledger: Ledger
  /** What came and went, by which a count under way stays right (STO-46). */
  readonly changes: readonly EntryChange[]
}

/** What staging needs. */
export interface StageContext {
  readonly ledger: Ledger
  readonly parts: { readonly backend: Backend; readonly storeKey: StoreKey; readonly rng: Rng }
}

interface StagedWrite extends ByteWrite {
  readonly table: string
}

/** An op, where it stands on disk, and the number of its commit. */
interface PlacedOp {
  readonly op: Op
  readonly key: Uint8Array
  readonly commit: number
}

/** Commits one after the other in one batch; of two changes of one key the later counts. */
export async function stageCommits(
  commits: readonly (readonly Op[])[],
  { ledger, parts }: StageContext,
): Promise<StagedCommits> {
  const placed = await placeOps(commits, { ledger, parts })
  // All that is replaced is read at once, while it is being sealed what replaces it.
  const reading = parts.backend.getMany(placed.map(({ key }) => key))
  const [olds, writes] = await Promise.all([reading, sealOps(placed, parts)])
  const changes = await changesOf(writes, olds, parts.storeKey)
  const next: Ledger = {
    commits: ledger.commits + commits.length,
    tables: countChanges(ledger.tables, changes),
    damage: ledger.damage,
  }
  return { batch: [...writes, await sealLedger(next, parts)], ledger: next, changes }
}

async function placeOps(
  commits: readonly (readonly Op[])[],
  { ledger, parts }: StageContext,
): Promise<readonly PlacedOp[]> {
  const placed = await allReady(
    commits.flatMap((ops, at) => ops.map((op) => placeOp(op, ledger.commits + 1 + at, parts))),
  )
  if (placed.length === 1) return placed
  // What a later change replaces is not even sealed.
  return [...new Map(placed.map((one) => [textOfBytes(one.key), one])).values()]
}

function placeOp(
  op: Op,
  commit: number,
  { storeKey }: Pick<StageContext['parts'], 'storeKey'>,
): MaybePromise<PlacedOp> {
  const { table, target } = op
  if (target.kind === 'stored') return { op, key: target.storedKey, commit }
  const key = storedKeyBytes(table, target.segments, storeKey)
  return whenReady(key, (bytes) => ({ op, key: bytes, commit }))
}

/** One draw of randomness for all of them: asking the system costs more than sealing a small value. */
function sealOps(
  placed: readonly PlacedOp[],
  { storeKey, rng }: StageContext['parts'],
): MaybePromise<readonly StagedWrite[]> {
  const nonces = rng.bytes(NONCE_BYTES * placed.length)
  return allReady(
    placed.map((one, at) => {
      const nonce = nonces.subarray(at * NONCE_BYTES, (at + 1) * NONCE_BYTES)
      return sealOp(one, { storeKey, nonce })
    }),
  )
}

function sealOp(
  { op: { table, target, value }, key, commit }: PlacedOp,
  tools: { readonly storeKey: StoreKey; readonly nonce: Uint8Array },
): MaybePromise<StagedWrite> {
  if (value === undefined || target.kind === 'stored') return { table, key }
  const keyParts = target.segments.map(({ bytes }) => bytes)
  const sealed = sealKeyed(keyParts, value, { storedKey: key, commit, ...tools })
  return whenReady(sealed, (bytes) => ({ table, key, value: bytes }))
}

/** What the ledger has to add and to take away. */
function changesOf(
  writes: readonly StagedWrite[],
  olds: readonly (Uint8Array | undefined)[],
  storeKey: StoreKey,
): MaybePromise<readonly EntryChange[]> {
  const changes: MaybePromise<EntryChange>[] = []
  for (const [at, { table, key, value }] of writes.entries()) {
    const old = olds[at]
    if (old) changes.push(entryChange({ table, key, value: old, entries: -1 }, storeKey))
    if (value) changes.push(entryChange({ table, key, value, entries: 1 }, storeKey))
  }
  return allReady(changes)
}

interface Entry extends Omit<EntryChange, 'fingerprint'> {
  readonly value: Uint8Array
}

function entryChange(
  { table, key, value, entries }: Entry,
  storeKey: StoreKey,
): MaybePromise<EntryChange> {
  return whenReady(entryFingerprint([key, value], storeKey), (fingerprint) => ({
    table,
    key,
    fingerprint,
    entries,
  }))
}

async function sealLedger(
  ledger: Ledger,
  { storeKey, rng }: StageContext['parts'],
): Promise<ByteWrite> {
  const plain = { plainKey: new Uint8Array(), value: ledgerCodec.encode(ledger) }
  const place = { storedKey: LEDGER_KEY, commit: ledger.commits }
  const nonce = rng.bytes(NONCE_BYTES)
  return { key: LEDGER_KEY, value: await sealValue(plain, place, { storeKey, nonce }) }
}
