import type { RelayLimits } from './limits.ts'
import { createTally } from './tally.ts'

/** Who a circuit is between, for counting only; forgotten when it ends. */
export interface CircuitEnds {
  readonly initiator: string
  readonly target: string
  /** What per-address limits count the initiator under. */
  readonly source: string
}

/** How many circuits are open, and whether one more may be. */
export interface CircuitLedger {
  /** Takes a place; the result gives it back. Undefined when a limit is reached (rule RLY-7). */
  open(ends: CircuitEnds): (() => void) | undefined
  count(): number
}

/** A ledger without circuits. */
export function createCircuitLedger(
  limits: Pick<RelayLimits, 'maxCircuits' | 'maxCircuitsPerPeer' | 'maxCircuitsPerAddress'>,
): CircuitLedger {
  const open = new Set<CircuitEnds>()
  const initiators = createTally()
  const targets = createTally()
  const sources = createTally()

  const isFull = ({ initiator, target, source }: CircuitEnds): boolean =>
    open.size >= limits.maxCircuits ||
    initiators.of(initiator) >= limits.maxCircuitsPerPeer ||
    targets.of(target) >= limits.maxCircuitsPerPeer ||
    sources.of(source) >= limits.maxCircuitsPerAddress

  const close = (ends: CircuitEnds): void => {
    if (!open.delete(ends)) return
    initiators.remove(ends.initiator)
    targets.remove(ends.target)
    sources.remove(ends.source)
  }

  return {
    open(ends) {
      if (isFull(ends)) return undefined
      open.add(ends)
      initiators.add(ends.initiator)
      targets.add(ends.target)
      sources.add(ends.source)
      return () => close(ends)
    },
    count: () => open.size,
  }
}
