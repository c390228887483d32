import type { YesOnTerms } from '@kithmesh/node'
import { type ReactNode, useId } from 'react'

/** For how long a device is linked: until it is unlinked, or for so many hours. */
export type Stay = 'kept' | 12 | 168

const HOURS = [
  [12, '12 hours'],
  [168, '7 days'],
] as const

/** The terms of a yes that links a device for so long. */
export function stayOf(stay: Stay): Pick<YesOnTerms, 'temporary'> {
  return stay === 'kept' ? {} : { temporary: { hours: stay } }
}

/** A device that says that it is temporary never stays; any other may be linked for a while only. */
export function StayChoice({
  stay,
  isTemporary,
  onChange,
}: {
  readonly stay: Stay
  readonly isTemporary: boolean
  readonly onChange: (stay: Stay) => void
}): ReactNode {
  const name = useId()
  const isBrief = stay !== 'kept'
  return (
    <fieldset className="stay">
      <legend className="heard">For how long</legend>
      {!isTemporary && (
        <label className="check">
          <input
            type="checkbox"
            checked={isBrief}
            onChange={(event) => onChange(event.target.checked ? 12 : 'kept')}
          />
          <span>Only for a while: it is out by itself after that, and cannot link others</span>
        </label>
      )}
      {isTemporary && <p>It stays for a while only, and cannot link others:</p>}
      {isBrief && (
        <div className="row">
          {HOURS.map(([hours, label]) => (
            <label key={hours} className="check">
              <input
                type="radio"
                name={name}
                checked={stay === hours}
                onChange={() => onChange(hours)}
              />
              <span>{label}</span>
            </label>
          ))}
        </div>
      )}
    </fieldset>
  )
}
