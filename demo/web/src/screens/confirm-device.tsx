import type { LinkAnswer, SeenDevice, YesOnTerms } from '@kithmesh/node'
import { type ReactNode, type SyntheticEvent, useId, useState } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { DeviceKind } from '../parts/device-kind.tsx'
import { LinkDigits } from '../parts/link-digits.tsx'
import { type Back, HistoryChoiceField, historyOf } from './history-choice.tsx'
import { type Stay, StayChoice, stayOf } from './stay-choice.tsx'

export type DeviceAnswer = LinkAnswer | YesOnTerms

/**
 * Yes or no to a new device. One that is far, or that read the code of this screen, is known only by its
 * digits: those are typed from its screen before this one shows any (WEB-6, WEB-41).
 */
export function ConfirmDevice({
  seen,
  way,
  answer,
}: {
  readonly seen: SeenDevice
  readonly way: 'read' | 'show'
  readonly answer: (answer: DeviceAnswer) => void
}): ReactNode {
  const isTyped = seen.distance === 'far' || way === 'show'
  const [isMatched, setMatched] = useState(false)
  if (isTyped && !isMatched) {
    return <TypeDigits seen={seen} onMatch={() => setMatched(true)} answer={answer} />
  }
  return <Compare seen={seen} isMatched={isMatched} answer={answer} />
}

/** The extra step: what stands on the new device's screen, typed here. */
function TypeDigits({
  seen,
  onMatch,
  answer,
}: {
  readonly seen: SeenDevice
  readonly onMatch: () => void
  readonly answer: (answer: DeviceAnswer) => void
}): ReactNode {
  const [typed, setTyped] = useState('')
  const [isWrong, setWrong] = useState(false)
  const question = useFocusOnArrival<HTMLHeadingElement>()
  const faultId = useId()
  const compare = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (digitsIn(typed) === seen.digits) onMatch()
    else setWrong(true)
  }
  return (
    <form className="stack" onSubmit={compare}>
      <h3 ref={question} tabIndex={-1}>
        Is this your device?
      </h3>
      <DeviceFacts seen={seen} />
      {seen.distance === 'far' ? (
        <p className="warning">
          Far means that it is not on your network, so it may be in somebody else’s hands; your
          earlier messages reach it after 24 hours, or when a third device of yours allows it.
        </p>
      ) : (
        <p className="warning">
          Whoever saw the code on this screen could have answered it. Only your new device shows the
          right digits.
        </p>
      )}
      <label className="field">
        <span>Six digits shown on the new device</span>
        <input
          className="digits-field"
          inputMode="numeric"
          autoComplete="off"
          maxLength={16}
          required
          aria-invalid={isWrong}
          aria-describedby={isWrong ? faultId : undefined}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setWrong(false)
          }}
        />
      </label>
      {isWrong && (
        <p id={faultId} role="alert" className="danger">
          These are not the digits of this device. Look again; if the new device really shows them,
          end it: somebody may sit between the two.
        </p>
      )}
      <div className="actions">
        <button type="button" onClick={() => answer(isWrong ? 'differ' : false)}>
          {isWrong ? 'They differ: end it' : 'No, not mine'}
        </button>
        <button type="submit" className="main-button">
          Continue
        </button>
      </div>
    </form>
  )
}

function Compare({
  seen,
  isMatched,
  answer,
}: {
  readonly seen: SeenDevice
  readonly isMatched: boolean
  readonly answer: (answer: DeviceAnswer) => void
}): ReactNode {
  const [stay, setStay] = useState<Stay>(seen.temporary ? 12 : 'kept')
  const [back, setBack] = useState<Back>('all')
  const question = useFocusOnArrival<HTMLHeadingElement>()
  return (
    <div className="stack">
      <h3 ref={question} tabIndex={-1}>
        {isMatched ? 'The digits are the same' : 'The same digits on both?'}
      </h3>
      <LinkDigits digits={seen.digits} />
      <DeviceFacts seen={seen} />
      <p>
        It will read and write in your name.
        {seen.distance === 'near'
          ? ' It gets your contacts, stars and messages.'
          : ' It gets your contacts and stars now, and your earlier messages after 24 hours.'}
      </p>
      <HistoryChoiceField back={back} onChange={setBack} />
      <StayChoice stay={stay} isTemporary={seen.temporary ?? false} onChange={setStay} />
      <div className="actions">
        <button type="button" onClick={() => answer(isMatched ? false : 'differ')}>
          {isMatched ? 'Do not link' : 'They differ'}
        </button>
        <button
          type="button"
          className="main-button"
          onClick={() => answer({ ...stayOf(stay), history: historyOf(back) })}
        >
          {linkLabel(seen, isMatched)}
        </button>
      </div>
    </div>
  )
}

function linkLabel({ distance }: SeenDevice, isMatched: boolean): string {
  if (!isMatched) return 'They are the same: link'
  return distance === 'far' ? 'Link far device' : 'Link it'
}

function DeviceFacts({ seen }: { readonly seen: SeenDevice }): ReactNode {
  return (
    <dl className="facts">
      <dt>Name</dt>
      <dd>
        <bdi>{seen.name}</bdi>
      </dd>
      <dt>Kind</dt>
      <dd>
        <DeviceKind kind={seen.kind} />
        {seen.temporary && ', for a while only'}
      </dd>
      <dt>Where</dt>
      <dd>{seen.distance === 'near' ? 'Near: on this network' : 'Far: not on this network'}</dd>
    </dl>
  )
}

/** People type digits in groups. */
function digitsIn(text: string): string {
  return text.replaceAll(/[\s-]/g, '')
}
