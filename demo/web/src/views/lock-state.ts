import type { LockState } from '@kithmesh/node'
import { useEffect, useState } from 'react'
import { useKith } from './hooks.ts'

/** What locks this device, and every change of it; undefined until it is known. */
export function useLockState(): LockState | undefined {
  const { node } = useKith()
  const [state, setState] = useState<LockState>()
  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    node.addEventListener('lock:changed', ({ detail }) => setState(detail), { signal })
    node.lock.state({ signal }).then(
      (first) => {
        if (!signal.aborted) setState((known) => known ?? first)
      },
      () => undefined,
    )
    return () => leaving.abort()
  }, [node])
  return state
}

/** Tells the device that a person uses this page, so that it does not lock meanwhile. */
export function useActivity(): void {
  const { node } = useKith()
  useEffect(() => {
    const leaving = new AbortController()
    const touch = (): void => node.lock.touch()
    for (const type of ['pointerdown', 'keydown', 'wheel']) {
      addEventListener(type, touch, { signal: leaving.signal, passive: true })
    }
    return () => leaving.abort()
  }, [node])
}
