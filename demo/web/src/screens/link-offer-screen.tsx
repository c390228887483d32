import type { KithNode } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { CopyButton } from '../parts/copy-button.tsx'
import { Countdown } from '../parts/countdown.tsx'
import { ErrorNotice, FaultNotice } from '../parts/error-notice.tsx'
import { LinkSteps } from '../parts/link-steps.tsx'
import { QrCode } from '../parts/qr-code.tsx'
import { type OfferView, useLinkOffer } from '../views/link-offer.ts'
import { Front } from './before-screens.tsx'

/** The new device's side of linking: its code, and where linking stands. */
export function LinkOfferScreen({
  node,
  onBack,
}: {
  readonly node: KithNode
  readonly onBack: () => void
}): ReactNode {
  const [attempt, setAttempt] = useState(0)
  return (
    <Front title="Link this browser" isNext>
      <Offer key={attempt} node={node} onBack={onBack} onRetry={() => setAttempt(attempt + 1)} />
    </Front>
  )
}

function Offer({
  node,
  onBack,
  onRetry,
}: {
  readonly node: KithNode
  readonly onBack: () => void
  readonly onRetry: () => void
}): ReactNode {
  const offer = useLinkOffer(node)
  return (
    <>
      {offer.error === undefined ? (
        <OfferState offer={offer} isReachable={node.addresses().length > 0} />
      ) : (
        <ErrorNotice error={offer.error} action="Show a code" onAction={onRetry} />
      )}
      {canLeave(offer) && (
        <div className="actions">
          <button type="button" className="plain" onClick={onBack}>
            Back
          </button>
        </div>
      )}
    </>
  )
}

/** Once the account is being copied, there is no way back. */
function canLeave({ state }: OfferView): boolean {
  return state?.state !== 'syncing' && state?.state !== 'done'
}

function OfferState({
  offer,
  isReachable,
}: {
  readonly offer: OfferView
  readonly isReachable: boolean
}): ReactNode {
  const { state, code, endsAt, lastFault } = offer
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
        {isWaiting && <QrCode text={code} label="Link code of this browser, to scan" />}
        <div className="stack">
          {isWaiting && (
            <p>
              On a device you already have, choose <strong>Link a device</strong> and scan this code
              or paste its text. In a terminal: <code>kith link</code> and the code.
            </p>
          )}
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
