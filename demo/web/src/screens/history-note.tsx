import { type ReactNode, useId } from 'react'
import { DateAndTime } from '../parts/moment.tsx'
import { useHistory } from '../views/history-state.ts'

/** Messages of before are on their way from other devices: a line that goes by itself (WEB-60). */
export function HistoryNote(): ReactNode {
  const history = useHistory()
  const label = useId()
  if (history === undefined || history.done) return null
  if (history.waitsUntil !== undefined) {
    return (
      <p className="history quiet">
        Messages from before come after <DateAndTime at={history.waitsUntil} />, or when another of
        your devices lets them.
      </p>
    )
  }
  return (
    <p className="history quiet">
      <span id={label}>Messages from before come from your other devices</span>
      <progress aria-labelledby={label} value={history.percent} max={100} />
    </p>
  )
}
