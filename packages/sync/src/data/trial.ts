import type { Clock } from '@kithmesh/protocol'
import * as Y from 'yjs'
import { type CheckedUpdate, MAX_CLIENT } from './update-check.ts'
import type { UpdateRefusal } from './update-outcome.ts'

/**
 * The scratch document: a second copy on which a foreign update is tried before the real one sees
 * it (ACC-8). It follows the real one as far as it must; whatever fails on it costs a rebuild of
 * the copy and nothing else.
 */
export interface Trial {
  /**
   * Tries an update whose needs are met; the copy then holds it. Says why it must not be applied.
   */
  refusal(update: CheckedUpdate): UpdateRefusal | undefined
  /** Notes a local update, to be applied to the copy before the next trial. */
  follow(update: Uint8Array): void
}

/**
 * Longest time one update may take, plus as much again per MiB of it: 20 × what honest ones took.
 */
const TRIAL_MS = 1_000
/** Roots one document may have; ours has five, the rest is room for later versions. */
const MAX_ROOTS = 32
/** Structs between two looks at the clock: the most one costs is a walk along one key's values. */
const STRUCTS_PER_LOOK = 64
/** Local updates noted before the copy is dropped and made anew: then a copy is cheaper. */
const MAX_FOLLOWED = 1_024

/** A trial for `doc`. Without a clock there is no time limit, only the limits on structure. */
export function createTrial(doc: Y.Doc, clock?: Pick<Clock, 'monotonic'>): Trial {
  let scratch: Y.Doc | undefined
  let followed: Uint8Array[] = []

  const current = (): Y.Doc => {
    if (scratch === undefined) scratch = copyOf(doc)
    else applyAll(scratch, followed)
    followed = []
    return scratch
  }
  return {
    follow: (update) => {
      if (scratch === undefined) return
      followed.push(update)
      if (followed.length > MAX_FOLLOWED) scratch = undefined
    },
    refusal: (update) => {
      const limitMs = TRIAL_MS * (1 + update.bytes.length / 2 ** 20)
      const deadline = clock === undefined ? undefined : clock.monotonic() + limitMs
      const isLate = (): boolean =>
        clock !== undefined && deadline !== undefined && clock.monotonic() > deadline
      if (runsOn(current(), update, isLate)) return undefined
      scratch = undefined
      return 'ERR_UPDATE_TRIAL'
    },
  }
}

function copyOf(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc()
  // Nothing is written here, and no update can name this id: Yjs would take the copy for a second
  // writer.
  copy.clientID = MAX_CLIENT + 1
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
}

function applyAll(doc: Y.Doc, updates: readonly Uint8Array[]): void {
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
}

function runsOn(scratch: Y.Doc, update: CheckedUpdate, isLate: () => boolean): boolean {
  try {
    integrateInTime(scratch, update.structs, isLate)
    // Every struct is there by now, so this applies the deletions, whose cost is linear
    // (areAscending).
    Y.applyUpdate(scratch, update.bytes)
    const { pendingStructs, pendingDs } = scratch.store
    return (
      pendingStructs === null && pendingDs === null && scratch.share.size <= MAX_ROOTS && !isLate()
    )
  } catch {
    return false
  }
}

/**
 * What Yjs does with decoded structs (`integrateStructs`), with a look at the clock in between: a
 * synchronous call cannot be stopped from outside, and a worker is not everywhere.
 */
function integrateInTime(
  scratch: Y.Doc,
  structs: readonly (Y.Item | Y.GC)[],
  isLate: () => boolean,
): void {
  const queues = queuesByClient(structs)
  scratch.transact((transaction) => {
    let done = 0
    for (const client of queues.keys()) {
      const path = [client]
      for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
        if (done++ % STRUCTS_PER_LOOK === 0 && isLate()) throw new Error('late')
        const missing = integrateNext(transaction, queues.get(at))
        if (missing === 'none left') path.pop()
        else if (missing !== undefined) pushNew(path, missing, queues)
        else if (path.length > 1) path.pop()
      }
    }
  })
}

/** Structs still to come, last first, by client. */
type Queues = ReadonlyMap<number, (Y.Item | Y.GC)[]>

function queuesByClient(structs: readonly (Y.Item | Y.GC)[]): Queues {
  const queues = new Map<number, (Y.Item | Y.GC)[]>()
  for (const struct of structs.toReversed()) {
    const queue = queues.get(struct.id.client)
    if (queue === undefined) queues.set(struct.id.client, [struct])
    else queue.push(struct)
  }
  return queues
}

/** Integrates the next struct of a client, or names the client whose structs must come first. */
function integrateNext(
  transaction: Y.Transaction,
  queue: (Y.Item | Y.GC)[] | undefined,
): number | 'none left' | undefined {
  const struct = queue?.at(-1)
  if (queue === undefined || struct === undefined) return 'none left'
  const { store } = transaction.doc
  const known = Y.getState(store, struct.id.client) - struct.id.clock
  if (known < 0) throw new Error('gap')
  if (known < struct.length) {
    if (struct instanceof Y.Item && typeof struct.parent === 'string') {
      struct.parent = transaction.doc.get(struct.parent)
    }
    const missing = struct.getMissing(transaction, store)
    if (missing !== null) return missing
    struct.integrate(transaction, known)
  }
  queue.pop()
  return undefined
}

/** A client that is waited for twice waits for itself: no order of the structs is possible. */
function pushNew(path: number[], client: number, queues: Queues): void {
  if (path.includes(client) || (queues.get(client)?.length ?? 0) === 0) throw new Error('circular')
  path.push(client)
}
