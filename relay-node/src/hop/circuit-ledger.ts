import type { RelayLimits } from '../limits.ts'
import { createTally } from '../tally.ts'

/** Who a circuit is between, for counting only; forgotten when it ends. */
export interface CircuitEnds {
  readonly initiator: string
  readonly target: string
  /** What per-address limits count the initiator under. */
  readonly source: string
  /** The accounts of both, where they are known; each once. */
  readonly accounts?: readonly string[]
  /** The initiator is a device of the owner: strangers cannot take its place (rule RLY-41). */
  readonly isProtected?: boolean
}

/** How many circuits are open, and whether one more may be. */
export interface CircuitLedger {
  /** Takes a place; the result gives it back. Undefined when a limit is reached (rule RLY-7). */
  open(ends: CircuitEnds): (() => void) | undefined
  count(): number
}

/** Limits read whenever somebody asks, so that an operator may change them. */
type CircuitLimits = Pick<
  RelayLimits,
  'maxCircuits' | 'maxCircuitsPerPeer' | 'maxCircuitsPerAddress' | 'maxCircuitsPerAccount'
>

/** A ledger without circuits. Of all places, and of those at one device, the owner's devices keep a share. */
export function createCircuitLedger(
  limits: CircuitLimits,
  owner: { readonly ownerShare: number } = { ownerShare: 0 },
): CircuitLedger {
  const open = new Set<CircuitEnds>()
  const initiators = createTally()
  const targets = createTally()
  const accounts = createTally()
  const guests = createTally()

  const forGuests = (limit: number): number => limit - Math.floor(limit * owner.ownerShare)
  const isFull = ({ initiator, target, accounts: own = [] }: CircuitEnds): boolean =>
    open.size >= limits.maxCircuits ||
    initiators.of(initiator) >= limits.maxCircuitsPerPeer ||
    targets.of(target) >= limits.maxCircuitsPerPeer ||
    own.some((account) => accounts.of(account) >= limits.maxCircuitsPerAccount)
  const isFullForGuests = ({ target, source }: CircuitEnds): boolean =>
    guests.of(ALL) >= forGuests(limits.maxCircuits) ||
    guests.of(`to ${target}`) >= forGuests(limits.maxCircuitsPerPeer) ||
    guests.of(`from ${source}`) >= limits.maxCircuitsPerAddress

  const count = (ends: CircuitEnds, change: 'add' | 'remove'): void => {
    initiators[change](ends.initiator)
    targets[change](ends.target)
    for (const account of ends.accounts ?? []) accounts[change](account)
    if (ends.isProtected === true) return
    for (const key of [ALL, `to ${ends.target}`, `from ${ends.source}`]) guests[change](key)
  }

  return {
    open(ends) {
      if (isFull(ends) || (ends.isProtected !== true && isFullForGuests(ends))) return undefined
      open.add(ends)
      count(ends, 'add')
      return () => {
        if (open.delete(ends)) count(ends, 'remove')
      }
    },
    count: () => open.size,
  }
}

const ALL = 'all'
