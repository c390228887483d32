import type { KithNode, LockState } from '@kithmesh/node'
import { useEffect } from 'react'
import { useKith } from './hooks.ts'
import { useTold } from './told-state.ts'

/** What locks this device, and every change of it; undefined until it is known. */
export function useLockState(): LockState | undefined {
  return useTold('lock:changed', ask)
}

function ask(node: KithNode, signal: AbortSignal): Promise<LockState> {
  return node.lock.state({ signal })
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
