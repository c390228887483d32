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
  /** Passes one update without a trial: the copy is made anew before the next. */
  skip(): undefined
  /** Notes a local update, to be applied to the copy before the next trial. */
  follow(update: Uint8Array): void
}

/**
 * Longest time one update may take, plus as much again per MiB of it: 20 × what honest ones took.
 */
const TRIAL_MS = 1_000
/** Structs between two looks at the clock. */
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
    skip: () => {
      scratch = undefined
      followed = []
      return undefined
    },
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
    integrateInTime(scratch, update, isLate)
    // All of it is there by now, so this changes nothing; it says whether Yjs finds it whole.
    Y.applyUpdate(scratch, update.bytes)
    const { pendingStructs, pendingDs } = scratch.store
    return pendingStructs === null && pendingDs === null && !isLate()
  } catch {
    return false
  }
}

/**
 * What Yjs does with decoded structs (`integrateStructs`), with a look at the clock in between: a
 * synchronous call cannot be stopped from outside, and a worker is not everywhere. Structs of
 * different writers never name each other (ACC-9), so they come in the order they stand.
 */
function integrateInTime(
  scratch: Y.Doc,
  { structs, deletes }: CheckedUpdate,
  isLate: () => boolean,
): void {
  scratch.transact((transaction) => {
    for (const [at, struct] of structs.entries()) {
      if (at % STRUCTS_PER_LOOK === 0 && isLate()) throw new Error('late')
      integrateStruct(transaction, struct)
    }
    // Each hole in a run of entries copies the run: many holes are quadratic (C2).
    let at = 0
    Y.iterateDeletedStructs(transaction, deletes, (struct) => {
      if (at++ % STRUCTS_PER_LOOK === 0 && isLate()) throw new Error('late')
      if (struct instanceof Y.Item && !struct.deleted) struct.delete(transaction)
    })
  })
}

function integrateStruct(transaction: Y.Transaction, struct: Y.Item): void {
  const { doc } = transaction
  const known = Y.getState(doc.store, struct.id.client) - struct.id.clock
  if (known < 0) throw new Error('gap')
  if (known >= struct.length) return
  if (typeof struct.parent === 'string') struct.parent = doc.get(struct.parent)
  if (struct.getMissing(transaction, doc.store) !== null) throw new Error('not its own list')
  struct.integrate(transaction, known)
}
