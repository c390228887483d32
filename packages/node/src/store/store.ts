/**
 * Everything a device keeps: typed tables over one ordered map, changed in commits that are whole,
 * in order and on the disk when they are acknowledged, sealed at rest, and counted so that a loss is
 * noticed. Rules STO-1 … in docs/spec/sto.md.
 */

import { type Clock, type Codec, isKithError, KithError, type Rng } from '@kithmesh/protocol'
import type { Anchor, HomeLock, OpenCare, Platform, StoreKey } from '../platform.ts'
import { type AuditParts, auditStore } from './audit.ts'
import type { Backend } from './backend.ts'
import { stageCommits } from './commit.ts'
import { type CommitQueue, createCommitQueue } from './commit-queue.ts'
import type { KeyCodec } from './key-codec.ts'
import { anchorBytes, type Ledger } from './ledger.ts'
import type { Damage, Op, Store, Table } from './store-types.ts'
import { checkTableName } from './stored-key.ts'
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
  { clock, rng, signal }: StoreEnvironment,
): Promise<Store> {
  signal?.throwIfAborted()
  const lock = await platform.lock(home)
  try {
    const storeKey = await openKey()
    const anchor = await platform.openAnchor(home)
    const parts = { storeKey, anchor, clock, rng, lock }
    const store = new LockedStore(parts, (care) => platform.openBackend(home, care))
    await store.open(signal)
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
}

class LockedStore implements Store {
  readonly #parts: StoreParts
  readonly #openBackend: (care: OpenCare) => Promise<Backend>
  readonly #queue: CommitQueue
  #state: Promise<OpenState> | undefined
  #damage: readonly Damage[] = []
  #closed: Promise<void> | undefined

  constructor(parts: StoreParts, openBackend: (care: OpenCare) => Promise<Backend>) {
    this.#parts = parts
    this.#openBackend = openBackend
    this.#queue = createCommitQueue((commits) => this.#write(commits))
  }

  get damage(): readonly Damage[] {
    return this.#damage
  }

  async open(signal?: AbortSignal): Promise<void> {
    try {
      this.#state = this.#openState(signal)
      await this.#state
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

  async forgetDamage(): Promise<void> {
    // A commit of nothing still writes the ledger, and by then the damage is left out of it.
    this.#damage = []
    await this.#queue.add([], {})
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
    await this.#queue.close()
    const state = await this.#state?.catch(() => undefined)
    await state?.backend.close()
    await this.#parts.anchor.close()
    this.#parts.storeKey.drop?.()
    await this.#parts.lock.release()
  }

  /** One write for all of `commits`, then the anchor, which may lag but never leads (STO-31). */
  async #write(commits: readonly (readonly Op[])[]): Promise<void> {
    try {
      const state = await this.#writable()
      await this.#writeTo(state, commits)
      await this.#moveAnchor(state.ledger)
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
    } catch (error) {
      state.failed = true
      throw error
    }
  }

  async #moveAnchor({ commits }: Ledger): Promise<void> {
    const { anchor, storeKey } = this.#parts
    await anchor.write(await anchorBytes(commits, storeKey))
  }

  async #readable(): Promise<Backend> {
    if (this.#closed !== undefined) throw new KithError('ERR_STORE_CLOSED', 'the store is closed')
    this.#state ??= this.#openState()
    return (await this.#state).backend
  }

  /**
   * After a failed write LevelDB would go on acknowledging writes that are lost, so the next one
   * waits for a backend opened anew. Until the disk takes data again the old one still reads.
   */
  async #writable(): Promise<OpenState> {
    this.#state ??= this.#openState()
    const state = await this.#state
    if (!state.failed) return state
    if (!(await state.backend.isWritable())) throw new Error('the disk takes no data')
    this.#state = this.#reopen(state)
    return this.#state
  }

  async #reopen(state: OpenState): Promise<OpenState> {
    await state.backend.close()
    return this.#openState()
  }

  async #openState(signal?: AbortSignal): Promise<OpenState> {
    try {
      return await this.#openWith('as-is', signal)
    } catch (error) {
      // The next read or commit tries again.
      this.#state = undefined
      throw error
    }
  }

  /** Each care loses more than the one before, and the audit tells what (STO-35). */
  async #openWith(care: OpenCare, signal: AbortSignal | undefined): Promise<OpenState> {
    try {
      return await this.#audited(await this.#openBackend(care), signal)
    } catch (error) {
      const next = NEXT_CARE[care]
      if (next === undefined || !isKithError(error, 'ERR_STORE_CORRUPT')) throw error
      return this.#openWith(next, signal)
    }
  }

  async #audited(backend: Backend, signal: AbortSignal | undefined): Promise<OpenState> {
    try {
      const parts: AuditParts = { ...this.#parts, backend }
      const { ledger, isNew } = await auditStore(parts, { signal })
      const state = { backend, ledger, failed: false }
      this.#damage = ledger.damage
      if (isNew) await this.#keepLedger(state)
      return state
    } catch (error) {
      await backend.close()
      throw error
    }
  }

  /** What was found is kept at once: a crash must not make a loss forgotten (STO-34). */
  async #keepLedger(state: OpenState): Promise<void> {
    await this.#writeTo(state, [[]])
    await this.#moveAnchor(state.ledger)
  }
}

const NEXT_CARE: Readonly<Record<OpenCare, OpenCare | undefined>> = {
  'as-is': 'repaired',
  repaired: 'anew',
  anew: undefined,
}
