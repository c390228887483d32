import type { CheckedUpdate, Clocks } from './update-check.ts'
import type { UpdateOutcome } from './update-outcome.ts'

/** An update that waits for others, and who is told in the end. */
export interface HeldUpdate {
  readonly update: CheckedUpdate
  /** Whose log it came from; each source has its own room. */
  readonly source: string
  readonly settled: (outcome: UpdateOutcome) => void
}

/**
 * Updates whose predecessors are not there yet. Own devices' logs arrive in any order, so this is
 * ordinary; it is kept here, bounded and sorted, because Yjs would keep it unbounded and walk all
 * of it at each arrival (ACC-10, proof C2).
 */
export interface HeldUpdates {
  readonly size: number
  /** Keeps an update; false when its source has no room left. */
  hold(held: HeldUpdate, stateOf: StateOf): boolean
  /** Takes out those that wait for nothing more, now that `clients` have moved on. */
  takeReady(clients: Iterable<number>, stateOf: StateOf): readonly HeldUpdate[]
  /** Drops what came from one source: it was removed from the account. */
  drop(source: string): void
}

/** How many structs of a client the document holds. */
export type StateOf = (client: number) => number

/** Updates one source may have waiting: a month of coalesced edits, read newest first. */
export const MAX_HELD_PER_SOURCE = 4_096
/** Their bytes. */
const MAX_HELD_BYTES_PER_SOURCE = 4 * 2 ** 20

/** The first client, of those an update needs, that is not far enough. Undefined when all are. */
export function firstMissing(needs: Clocks, stateOf: StateOf): number | undefined {
  for (const [client, clock] of needs) if (stateOf(client) < clock) return client
  return undefined
}

/** Makes the empty waiting room. */
export function createHeldUpdates(): HeldUpdates {
  /** Each update waits for one client at a time; those waiting for it, the least patient last. */
  const waiting = new Map<number, Waiting[]>()
  const room = createRoom()

  const place = (held: HeldUpdate, client: number): void => {
    const queue = waiting.get(client) ?? []
    const clock = held.update.needs.get(client) ?? 0
    queue.splice(placeFor(queue, clock), 0, { held, clock })
    waiting.set(client, queue)
  }
  const takeFrom = (client: number, stateOf: StateOf): readonly HeldUpdate[] => {
    const queue = waiting.get(client) ?? []
    const state = stateOf(client)
    const ready: HeldUpdate[] = []
    for (let next = queue.at(-1); next !== undefined && next.clock <= state; next = queue.at(-1)) {
      queue.pop()
      const missing = firstMissing(next.held.update.needs, stateOf)
      if (missing === undefined) ready.push(next.held)
      else place(next.held, missing)
    }
    if (queue.length === 0) waiting.delete(client)
    for (const held of ready) room.leave(held)
    return ready
  }
  return {
    get size() {
      return room.size()
    },
    hold: (held, stateOf) => {
      const missing = firstMissing(held.update.needs, stateOf)
      if (missing === undefined || !room.enter(held)) return false
      place(held, missing)
      return true
    },
    takeReady: (clients, stateOf) => [...clients].flatMap((client) => takeFrom(client, stateOf)),
    drop: (source) => {
      for (const [client, queue] of waiting) {
        const dropped = queue.filter(({ held }) => held.source === source)
        if (dropped.length === 0) continue
        waiting.set(
          client,
          queue.filter(({ held }) => held.source !== source),
        )
        for (const { held } of dropped) {
          room.leave(held)
          held.settled({ kind: 'dropped' })
        }
      }
    },
  }
}

interface Waiting {
  readonly held: HeldUpdate
  /** The clock it waits for. */
  readonly clock: number
}

/**
 * Where to put `clock` so that clocks fall towards the end. Newest first, the usual order,
 * appends.
 */
function placeFor(queue: readonly Waiting[], clock: number): number {
  let [low, high] = [0, queue.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((queue[middle]?.clock ?? 0) > clock) low = middle + 1
    else high = middle
  }
  return low
}

/** Counts what each source has waiting. */
function createRoom(): {
  size(): number
  enter(held: HeldUpdate): boolean
  leave(held: HeldUpdate): void
} {
  const taken = new Map<string, { count: number; bytes: number }>()
  let size = 0
  return {
    size: () => size,
    enter: ({ source, update }) => {
      const used = taken.get(source) ?? { count: 0, bytes: 0 }
      const bytes = used.bytes + update.bytes.length
      if (used.count >= MAX_HELD_PER_SOURCE || bytes > MAX_HELD_BYTES_PER_SOURCE) return false
      taken.set(source, { count: used.count + 1, bytes })
      size += 1
      return true
    },
    leave: ({ source, update }) => {
      const used = taken.get(source)
      if (used === undefined) return
      size -= 1
      if (used.count === 1) taken.delete(source)
      else taken.set(source, { count: used.count - 1, bytes: used.bytes - update.bytes.length })
    },
  }
}
