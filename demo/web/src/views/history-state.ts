import type { HistoryState, KithNode } from '@kithmesh/node'
import { useTold } from './told-state.ts'

/** How much of the messages of before is here, and every change of it; undefined until it is known. */
export function useHistory(): HistoryState | undefined {
  return useTold('history:progress', ask)
}

function ask(node: KithNode, signal: AbortSignal): Promise<HistoryState> {
  return node.history.state({ signal })
}
