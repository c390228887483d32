import { useEffect, useState } from 'react'

/**
 * ms until a moment of the wall clock, told four times a second until it has come; 0 when there is none.
 */
export function useWait(until: number | undefined): number {
  const [now, setNow] = useState(() => Date.now())
  const left = until === undefined ? 0 : Math.max(0, until - now)
  const waits = left > 0
  useEffect(() => {
    setNow(Date.now())
    if (!waits) return
    const timer = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(timer)
  }, [waits])
  return left
}

/** `12 s`, or `4 min 5 s`. */
export function waitText(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const rest = seconds % 60
  return rest === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${rest} s`
}
