import type { SeenDevice } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { DeviceKind } from '../parts/device-kind.tsx'

/** Yes or no to a device; one that is not near takes a second, deliberate step (WEB-6). */
export function ConfirmDevice({
  seen,
  onAnswer,
}: {
  readonly seen: SeenDevice
  readonly onAnswer: (yes: boolean) => void
}): ReactNode {
  const [isSure, setSure] = useState(false)
  const isNear = seen.distance === 'near'
  const question = useFocusOnArrival<HTMLHeadingElement>()
  return (
    <div className="stack">
      <h3 ref={question} tabIndex={-1}>
        Is this your device?
      </h3>
      <dl className="facts">
        <dt>Name</dt>
        <dd>
          <bdi>{seen.name}</bdi>
        </dd>
        <dt>Kind</dt>
        <dd>
          <DeviceKind kind={seen.kind} />
        </dd>
        <dt>Where</dt>
        <dd>{isNear ? 'Near: on this network' : 'Far: not on this network'}</dd>
      </dl>
      <p>
        It will read and write in your name.
        {isNear
          ? ' It gets your contacts, stars and messages.'
          : ' It gets your contacts and stars now, and your earlier messages after 24 hours.'}
      </p>
      {!isNear && (
        <div className="warning">
          <p>This device is not on your network. It may be in somebody else’s hands.</p>
          <label className="check">
            <input
              type="checkbox"
              checked={isSure}
              onChange={(event) => setSure(event.target.checked)}
            />
            <span>I see this device in front of me and started this myself</span>
          </label>
        </div>
      )}
      <div className="actions">
        <button type="button" onClick={() => onAnswer(false)}>
          No, not mine
        </button>
        <button
          type="button"
          className="main-button"
          disabled={!isNear && !isSure}
          onClick={() => onAnswer(true)}
        >
          {isNear ? 'Yes, link it' : 'Link far device'}
        </button>
      </div>
    </div>
  )
}
