import type { ReactNode } from 'react'
import { CopyButton } from '../parts/copy-button.tsx'
import { Countdown } from '../parts/countdown.tsx'
import { FaultNotice } from '../parts/error-notice.tsx'
import { LinkSteps } from '../parts/link-steps.tsx'
import { QrCode } from '../parts/qr-code.tsx'
import type { OfferView } from '../views/link-offer.ts'

/** A code of this device with its time, what to do with it, and where linking stands (WEB-4, WEB-5). */
export function LinkCodeShown({
  offer: { state, code, endsAt, lastFault },
  isReachable,
  children,
}: {
  readonly offer: OfferView
  readonly isReachable: boolean
  /** What to do with it on the other device. */
  readonly children: ReactNode
}): ReactNode {
  if (!state || code === undefined) {
    return (
      <p role="status" className="loading">
        Making a code…
      </p>
    )
  }
  const isWaiting = state.state === 'waiting' || state.state === 'failed'
  return (
    <>
      {lastFault && <FaultNotice fault={lastFault} />}
      {isWaiting && !isReachable && (
        <p role="status" className="warning">
          No relay answers yet, so no device can find this one. It is tried again by itself.
        </p>
      )}
      <div className="offer">
        {isWaiting && <QrCode text={code} label="Link code of this device, to scan" />}
        <div className="stack">
          {isWaiting && <p>{children}</p>}
          <LinkSteps state={state} />
        </div>
      </div>
      {isWaiting && (
        <div className="stack">
          <code className="code-text">{code}</code>
          <div className="row">
            <CopyButton text={code} label="Copy the code" />
            <Countdown endsAt={endsAt} />
          </div>
        </div>
      )}
    </>
  )
}
