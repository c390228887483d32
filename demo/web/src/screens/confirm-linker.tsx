import type { LinkAnswer, SeenLinker } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { DeviceKind } from '../parts/device-kind.tsx'
import { LinkDigits } from '../parts/link-digits.tsx'

/** On the new device: which device takes it in, and whether both show the same digits (WEB-41). */
export function ConfirmLinker({
  seen,
  answer,
}: {
  readonly seen: SeenLinker
  readonly answer: (answer: LinkAnswer) => void
}): ReactNode {
  const question = useFocusOnArrival<HTMLHeadingElement>()
  return (
    <div className="stack">
      <h2 ref={question} tabIndex={-1}>
        The same digits on both?
      </h2>
      <LinkDigits digits={seen.digits} />
      <p>
        This device will belong to the account of <bdi className="device-name">{seen.name}</bdi> (
        <DeviceKind kind={seen.kind} />
        ). It should show these six digits, or ask you for them.
      </p>
      <div className="actions">
        <button type="button" onClick={() => answer('differ')}>
          They differ
        </button>
        <button type="button" className="main-button" onClick={() => answer(true)}>
          They are the same
        </button>
      </div>
    </div>
  )
}
