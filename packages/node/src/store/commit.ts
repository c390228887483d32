/** From described changes to one batch of bytes, and the ledger that goes with it. */

import type { Rng } from '@kithmesh/protocol'
import type { StoreKey } from '../platform.ts'
import type { Backend, ByteWrite } from './backend.ts'
import { plainKeyBytes } from './key-codec.ts'
import {
  countChanges,
  type EntryChange,
  entryFingerprint,
  type Ledger,
  ledgerCodec,
} from './ledger.ts'
import type { Op } from './store-types.ts'
import { LEDGER_KEY, storedKeyBytes } from './stored-key.ts'
import { sealValue } from './value-seal.ts'

/** What is written, and what the store then knows of itself. */
export interface StagedCommits {
  readonly batch: readonly ByteWrite[]
  readonly ledger: Ledger
}

/** What staging needs. */
export interface StageContext {
  readonly ledger: Ledger
  readonly parts: { readonly backend: Backend; readonly storeKey: StoreKey; readonly rng: Rng }
}

interface StagedWrite extends ByteWrite {
  readonly table: string
}

/** Commits one after the other in one batch; of two changes of one key the later counts. */
export async function stageCommits(
  commits: readonly (readonly Op[])[],
  { ledger, parts }: StageContext,
): Promise<StagedCommits> {
  const writes = await sealOps(commits, { ledger, parts })
  const changes = await changesOf(writes, parts)
  const next: Ledger = {
    commits: ledger.commits + commits.length,
    tables: countChanges(ledger.tables, changes),
    damage: ledger.damage,
  }
  return { batch: [...writes, await sealLedger(next, parts)], ledger: next }
}

async function sealOps(
  commits: readonly (readonly Op[])[],
  { ledger, parts }: StageContext,
): Promise<readonly StagedWrite[]> {
  const sealed = await Promise.all(
    commits.flatMap((ops, at) => ops.map((op) => sealOp(op, ledger.commits + 1 + at, parts))),
  )
  return [...new Map(sealed.map((write) => [keyText(write.key), write])).values()]
}

async function sealOp(
  { table, target, value }: Op,
  commit: number,
  parts: StageContext['parts'],
): Promise<StagedWrite> {
  if (target.kind === 'stored') return { table, key: target.storedKey }
  const key = await storedKeyBytes(table, target.segments, parts.storeKey)
  if (value === undefined) return { table, key }
  const plain = { plainKey: plainKeyBytes(target.segments), value }
  return { table, key, value: await sealValue(plain, { storedKey: key, commit }, parts) }
}

/** What the ledger has to add and to take away. */
async function changesOf(
  writes: readonly StagedWrite[],
  { backend, storeKey }: StageContext['parts'],
): Promise<readonly EntryChange[]> {
  const olds = await backend.getMany(writes.map(({ key }) => key))
  const changes = writes.flatMap(({ table, key, value }, at) => [
    entryChange({ table, key, value: olds[at], entries: -1 }, storeKey),
    entryChange({ table, key, value, entries: 1 }, storeKey),
  ])
  return (await Promise.all(changes)).flat()
}

interface MaybeEntry extends Pick<EntryChange, 'table' | 'entries'> {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

async function entryChange(
  { table, key, value, entries }: MaybeEntry,
  storeKey: StoreKey,
): Promise<readonly EntryChange[]> {
  if (value === undefined) return []
  return [{ table, fingerprint: await entryFingerprint([key, value], storeKey), entries }]
}

async function sealLedger(ledger: Ledger, parts: StageContext['parts']): Promise<ByteWrite> {
  const plain = { plainKey: new Uint8Array(), value: ledgerCodec.encode(ledger) }
  const place = { storedKey: LEDGER_KEY, commit: ledger.commits }
  return { key: LEDGER_KEY, value: await sealValue(plain, place, parts) }
}

/** Bytes as the key of a Map. */
function keyText(key: Uint8Array): string {
  return String.fromCharCode(...key)
}
