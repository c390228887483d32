import { type ReactNode, useEffect, useState } from 'react'

/** Whole seconds until a moment of the monotonic clock; silent, so that nobody hears every second. */
export function Countdown({ endsAt }: { readonly endsAt: number }): ReactNode {
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 250)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.ceil((endsAt - now) / 1000))
  return (
    <span role="timer" className="countdown">
      New code in {seconds} s
    </span>
  )
}
