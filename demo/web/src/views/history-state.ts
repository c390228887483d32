import type { HistoryState } from '@kithmesh/node'
import { useEffect, useState } from 'react'
import { useKith } from './hooks.ts'

/** How much of the messages of before is here, and every change of it; undefined until it is known. */
export function useHistory(): HistoryState | undefined {
  const { node } = useKith()
  const [state, setState] = useState<HistoryState>()
  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    node.addEventListener('history:progress', ({ detail }) => setState(detail), { signal })
    node.history.state({ signal }).then(
      (first) => {
        if (!signal.aborted) setState((known) => known ?? first)
      },
      () => undefined,
    )
    return () => leaving.abort()
  }, [node])
  return state
}
