/**
 * Everything a device keeps: typed tables over one ordered map, changed in commits that are whole,
 * in order and on the disk when they are acknowledged, sealed at rest, and counted so that a loss is
 * noticed. Rules STO-1 … in docs/spec/sto.md.
 */

import {
  type Clock,
  type Codec,
  isKithError,
  KithError,
  type MaybePromise,
  type Rng,
} from '@kithmesh/protocol'
import type { Anchor, HomeLock, OpenCare, Platform, StoreKey } from '../platform.ts'
import { createSerial } from '../serial.ts'
import { type AnchorWriter, createAnchorWriter } from './anchor-writer.ts'
import { type AuditCare, type AuditParts, auditStore, concludeCount } from './audit.ts'
import type { Backend } from './backend.ts'
import { stageCommits } from './commit.ts'
import { type CommitQueue, createCommitQueue } from './commit-queue.ts'
import type { EntryCount } from './entry-count.ts'
import { withoutHealed } from './healed-damage.ts'
import type { KeyCodec } from './key-codec.ts'
import type { Ledger } from './ledger.ts'
import { createRememberingBackend, type RememberingBackend } from './remembering-backend.ts'
import type { Damage, Op, Store, Table } from './store-types.ts'
import { checkTableName } from './stored-key.ts'
import { findUnreadable } from './sweep.ts'
import { createTable } from './table.ts'

/** Whose store. */
export interface StoreHome {
  /** A folder in Node, a database name in a page, or `MEMORY_HOME`. */
  readonly home: string
  readonly platform: Platform
  /** Opens the key once the home is taken; default: as a home that is not locked. */
  readonly openKey?: () => Promise<StoreKey>
}

/** What the store takes from outside. */
export interface StoreEnvironment {
  readonly clock: Clock
  readonly rng: Rng
  readonly signal?: AbortSignal
  /** What goes before the audit behind the opening: opening what lives on the store (STO-46). */
  readonly auditAfter?: Promise<unknown>
}

/**
 * Opens the store of a home and takes the home until it is closed.
 *
 * @throws ERR_HOME_IN_USE when another process or tab, or this one, has it open; ERR_STORE_CORRUPT
 * when its key is damaged; ERR_STORE_OPEN when the disk does not let it be opened
 *
 * @example
 * ```ts
 * await using store = await openStore({ home, platform }, { clock, rng })
 * const names = store.table('names', { key: singleKey(idPart(parseAccountId)), value: nameCodec })
 * await store.commit([names.put(ben, 'Ben')])
 * ```
 */
export async function openStore(
  { home, platform, openKey = () => platform.openStoreKey(home) }: StoreHome,
  { clock, rng, signal, auditAfter }: StoreEnvironment,
): Promise<Store> {
  signal?.throwIfAborted()
  const lock = await platform.lock(home)
  try {
    const storeKey = await openKey()
    const anchor = await platform.openAnchor(home)
    const parts = { storeKey, anchor, clock, rng, lock }
    const store = new LockedStore(parts, (care) => platform.openBackend(home, care))
    await store.open(signal, auditAfter)
    return store
  } catch (error) {
    await lock.release()
    throw error
  }
}

interface StoreParts {
  readonly storeKey: StoreKey
  readonly anchor: Anchor
  readonly clock: Clock
  readonly rng: Rng
  readonly lock: HomeLock
}

/** An open backend and its ledger. After a failed write it serves reads only (STO-8). */
interface OpenState {
  readonly backend: Backend
  ledger: Ledger
  failed: boolean
  /** While entries are still being counted behind the opening (STO-46). */
  count: EntryCount | undefined
}

class LockedStore implements Store {
  readonly #parts: StoreParts
  readonly #openBackend: (care: OpenCare) => Promise<Backend>
  readonly #queue: CommitQueue
  readonly #anchor: AnchorWriter
  /** What writes, and what must not see half of a write. */
  readonly #inTurn = createSerial<'writer'>()
  readonly #closing = Promise.withResolvers<void>()
  #state: Promise<OpenState> | undefined
  #damage: readonly Damage[] = []
  #commits = 0
  #audited: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(parts: StoreParts, openBackend: (care: OpenCare) => Promise<Backend>) {
    this.#parts = parts
    this.#openBackend = openBackend
    this.#anchor = createAnchorWriter(parts.anchor, parts.storeKey)
    this.#queue = createCommitQueue((commits) =>
      this.#inTurn('writer', () => this.#write(() => commits)),
    )
  }

  get damage(): readonly Damage[] {
    return this.#damage
  }

  get commits(): number {
    return this.#commits
  }

  get audited(): Promise<void> {
    return this.#audited
  }

  async open(signal?: AbortSignal, auditAfter?: Promise<unknown>): Promise<void> {
    try {
      this.#state = this.#openState('serve-first', signal)
      const state = await this.#state
      this.#audited = this.#auditBehind(state, auditAfter)
    } catch (error) {
      await this.#parts.anchor.close()
      throw error
    }
  }

  table<K, V>(
    name: string,
    codecs: { readonly key: KeyCodec<K>; readonly value: Codec<V> },
  ): Table<K, V> {
    checkTableName(name)
    const { storeKey } = this.#parts
    return createTable({ name, ...codecs, storeKey, backend: () => this.#readable() })
  }

  commit(ops: readonly Op[], options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (ops.length === 0) return Promise.resolve()
    return this.#queue.add(ops, options)
  }

  async forgetDamage(healed: readonly Damage[] = this.#damage): Promise<void> {
    // A commit of nothing still writes the ledger, and by then the damage is left out of it.
    this.#damage = withoutHealed(this.#damage, healed)
    await this.#queue.add([], {})
  }

  async sweep(): Promise<void> {
    if (this.#damage.length === 0) return
    await this.#inTurn('writer', async () => {
      await this.#readable()
      await this.#write(async ({ backend }) => [
        await findUnreadable({ ...this.#parts, backend }, this.#damage),
      ])
    })
  }

  async countOf(table: string): Promise<number> {
    await this.#readable()
    const state = await this.#state
    return state?.ledger.tables.get(table)?.entries ?? 0
  }

  async compact(): Promise<void> {
    await (await this.#readable()).compact()
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeOnce()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #closeOnce(): Promise<void> {
    this.#closing.resolve()
    await this.#queue.close()
    // Whatever still reads or writes in its turn, as the audit and a sweep do.
    await this.#inTurn('writer', async () => undefined)
    await this.#audited
    const state = await this.#state?.catch(() => undefined)
    await state?.backend.close()
    await this.#anchor.settled()
    await this.#parts.anchor.close()
    this.#parts.storeKey.drop?.()
    await this.#parts.lock.release()
  }

  /** One write for all of them, then the anchor, which may lag but never leads (STO-31). */
  async #write(
    commitsOn: (state: OpenState) => MaybePromise<readonly (readonly Op[])[]>,
  ): Promise<void> {
    try {
      const state = await this.#writable()
      await this.#writeTo(state, await commitsOn(state))
    } catch (cause) {
      throw new KithError('ERR_STORE_WRITE', 'the store could not be written', {
        cause,
        hint: 'Free some space on the disk, or check it.',
      })
    }
  }

  async #writeTo(state: OpenState, commits: readonly (readonly Op[])[]): Promise<void> {
    const parts = { ...this.#parts, backend: state.backend }
    try {
      const ledger = { ...state.ledger, damage: this.#damage }
      const staged = await stageCommits(commits, { ledger, parts })
      await state.backend.write(staged.batch)
      state.ledger = staged.ledger
      state.count?.follow(staged.changes)
    } catch (error) {
      state.failed = true
      throw error
    }
    this.#commits = state.ledger.commits
    this.#anchor.move(this.#commits)
  }

  async #readable(): Promise<Backend> {
    if (this.#closed !== undefined) throw new KithError('ERR_STORE_CLOSED', 'the store is closed')
    this.#state ??= this.#openState('count-first')
    return (await this.#state).backend
  }

  /**
   * After a failed write LevelDB would go on acknowledging writes that are lost, so the next one
   * waits for a backend opened anew. Until the disk takes data again the old one still reads.
   */
  async #writable(): Promise<OpenState> {
    this.#state ??= this.#openState('count-first')
    const state = await this.#state
    if (!state.failed) return state
    if (!(await state.backend.isWritable())) throw new Error('the disk takes no data')
    this.#state = this.#reopen(state)
    return this.#state
  }

  async #reopen(state: OpenState): Promise<OpenState> {
    await state.backend.close()
    return this.#openState('count-first')
  }

  async #openState(care: AuditCare, signal?: AbortSignal): Promise<OpenState> {
    try {
      return await this.#openWith('as-is', { care, signal })
    } catch (error) {
      // The next read or commit tries again.
      this.#state = undefined
      throw error
    }
  }

  /** Each care loses more than the one before, and the audit tells what (STO-35). */
  async #openWith(open: OpenCare, audit: AuditOptions): Promise<OpenState> {
    try {
      return await this.#begun(createRememberingBackend(await this.#openBackend(open)), audit)
    } catch (error) {
      const next = NEXT_CARE[open]
      if (next === undefined || !isKithError(error, 'ERR_STORE_CORRUPT')) throw error
      return this.#openWith(next, audit)
    }
  }

  async #begun(backend: RememberingBackend, options: AuditOptions): Promise<OpenState> {
    try {
      const parts: AuditParts = { ...this.#parts, backend, met: backend.met }
      const audit = await auditStore(parts, options)
      const { ledger } = audit
      const count = audit.kind === 'trusted' ? audit.count : undefined
      const state = { backend, ledger, failed: false, count }
      this.#damage = ledger.damage
      this.#commits = ledger.commits
      // What was found is kept at once: a crash must not make a loss forgotten (STO-34).
      if (audit.kind === 'counted' && audit.isNew) await this.#writeTo(state, [[]])
      return state
    } catch (error) {
      await backend.close()
      throw error
    }
  }

  /** A page of entries at a time, between the commits, until all were counted (STO-46). */
  async #auditBehind(state: OpenState, after: Promise<unknown> | undefined): Promise<void> {
    await Promise.race([after, this.#closing.promise]).catch(() => undefined)
    try {
      while (await this.#inTurn('writer', () => this.#auditStep(state)));
    } catch (error) {
      if (isKithError(error, 'ERR_STORE_CORRUPT')) await this.#repair(state)
      // Whatever else: the next opening begins again, and nothing was forgotten.
    }
  }

  /** False when it is over: all was counted, or another opening of the backend counted it. */
  async #auditStep(state: OpenState): Promise<boolean> {
    const { count } = state
    if (count === undefined || state.failed || this.#closed !== undefined) return false
    if (await count.step()) return true
    const { ledger, isNew } = concludeCount(state.ledger, count, this.#parts.clock)
    state.count = undefined
    if (!isNew) return false
    state.ledger = ledger
    this.#damage = ledger.damage
    await this.#writeTo(state, [[]])
    return false
  }

  /** A block that does not read: opened anew, LevelDB repairs it, and the audit tells what went (STO-35). */
  #repair(state: OpenState): Promise<void> {
    return this.#inTurn('writer', async () => {
      if (this.#closed !== undefined || (await this.#state) !== state) return
      await state.backend.close()
      this.#state = this.#openWith('repaired', { care: 'count-first' })
      await this.#state
    }).catch(() => {
      this.#state = undefined
    })
  }
}

interface AuditOptions {
  readonly care: AuditCare
  readonly signal?: AbortSignal | undefined
}

const NEXT_CARE: Readonly<Record<OpenCare, OpenCare | undefined>> = {
  'as-is': 'repaired',
  repaired: 'anew',
  anew: undefined,
}
