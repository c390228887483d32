import type { KithNode, NodeEvents } from '@kithmesh/node'
import { useEffect, useState } from 'react'
import { useKith } from './hooks.ts'

/**
 * A state that the device gives once when it is asked, and tells again at every change; undefined
 * until it is known. `ask` has to be the same function at every rendering.
 */
export function useTold<E extends keyof NodeEvents>(
  event: E,
  ask: (node: KithNode, signal: AbortSignal) => Promise<NodeEvents[E]>,
): NodeEvents[E] | undefined {
  const { node } = useKith()
  const [state, setState] = useState<NodeEvents[E]>()
  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    node.addEventListener(event, ({ detail }) => setState(() => detail), { signal })
    ask(node, signal).then(
      (first) => {
        // What was told meanwhile is newer than the answer.
        if (!signal.aborted) setState((known) => known ?? first)
      },
      () => undefined,
    )
    return () => leaving.abort()
  }, [node, event, ask])
  return state
}
