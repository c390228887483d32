import type { HistoryChoice } from '@kithmesh/node'
import type { ReactNode } from 'react'

/** How far back a device gets messages, as this page offers it. */
export type Back = 'all' | 'month' | 'none'

const CHOICES: Readonly<Record<Back, { readonly label: string; readonly history: HistoryChoice }>> =
  {
    all: { label: 'All', history: 'all' },
    month: { label: 'Those of the last 30 days', history: { days: 30 } },
    none: { label: 'Only new ones', history: 'none' },
  }

/** What that is for the device that links. */
export function historyOf(back: Back): HistoryChoice {
  return CHOICES[back].history
}

/** How far back the new device gets messages (HIS-8). */
export function HistoryChoiceField({
  back,
  onChange,
}: {
  readonly back: Back
  readonly onChange: (back: Back) => void
}): ReactNode {
  return (
    <label className="field">
      <span>Messages it gets</span>
      <select value={back} onChange={(event) => onChange(asBack(event.target.value))}>
        {Object.entries(CHOICES).map(([one, { label }]) => (
          <option key={one} value={one}>
            {label}
          </option>
        ))}
      </select>
    </label>
  )
}

function asBack(value: string): Back {
  return value === 'month' || value === 'none' ? value : 'all'
}
