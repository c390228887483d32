import { useCallback, useEffect, useRef, useState } from 'react'

/** Something a person asked for: under way, or how it failed. */
export interface Action<A extends readonly unknown[]> {
  readonly run: (...args: A) => void
  readonly pending: boolean
  /** Why it did not work; undefined while it may still. */
  readonly error: unknown
  readonly clear: () => void
}

/** Runs one call at a time for a button or a form; leaving the screen cancels it. */
export function useAction<A extends readonly unknown[]>(
  perform: (signal: AbortSignal, ...args: A) => Promise<void>,
): Action<A> {
  const [state, setState] = useState<{ pending: boolean; error: unknown }>(IDLE)
  const running = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => running.current?.abort(), [])

  const run = (...args: A): void => {
    if (running.current) return
    const by = new AbortController()
    running.current = by
    setState({ pending: true, error: undefined })
    const settle = (error: unknown): void => {
      running.current = undefined
      if (!by.signal.aborted) setState({ pending: false, error })
    }
    perform(by.signal, ...args).then(() => settle(undefined), settle)
  }
  const clear = useCallback(() => setState(IDLE), [])
  return { ...state, run, clear }
}

const IDLE = { pending: false, error: undefined }
