import type { KithNode, LinkAnswer, LinkState, SeenLinker } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { LinkSteps } from '../parts/link-steps.tsx'
import { WaySwitch } from '../parts/way-switch.tsx'
import { useAction } from '../views/action.ts'
import { useBusy } from '../views/busy.ts'
import { type OfferView, useLinkOffer } from '../views/link-offer.ts'
import { useQuestion } from '../views/question.ts'
import { Front } from './before-screens.tsx'
import { ConfirmLinker } from './confirm-linker.tsx'
import { LinkCodeForm } from './link-code-form.tsx'
import { LinkCodeShown } from './link-code-shown.tsx'

type Way = 'show' | 'read'

const WAYS = [
  ['show', 'Show a code'],
  ['read', 'Enter a code'],
] as const

/** The new device's side of linking: it shows a code, or reads the one of a device the person has (WEB-41). */
export function LinkHereScreen({
  node,
  temporary,
  onBack,
}: {
  readonly node: KithNode | undefined
  readonly temporary: boolean
  readonly onBack: () => void
}): ReactNode {
  const [way, setWay] = useState<Way>('show')
  const [attempt, setAttempt] = useState(0)
  const [isBusy, setBusy] = useState(false)
  const again = (): void => setAttempt(attempt + 1)
  const parts = { onRetry: again, onBusy: setBusy }
  return (
    <Front title={temporary ? 'Use this browser for a while' : 'Link this browser'} isNext>
      {temporary && (
        <p className="quiet">
          Nothing is stored here: closing or reloading this tab wipes everything. Your other device
          decides for how long this browser belongs to you.
        </p>
      )}
      {!isBusy && (
        <WaySwitch legend="How to link this browser" ways={WAYS} way={way} onChange={setWay} />
      )}
      {node === undefined ? (
        <p role="status" className="loading">
          Opening this device…
        </p>
      ) : way === 'show' ? (
        <ShowCode key={attempt} node={node} {...parts} />
      ) : (
        <ReadCode key={attempt} node={node} {...parts} />
      )}
      {!isBusy && (
        <div className="actions">
          <button type="button" className="plain" onClick={onBack}>
            Back
          </button>
        </div>
      )}
    </Front>
  )
}

const OWN_ONLY =
  'Only enter the code of a device of your own: this browser then belongs to its account, and all you write here is read there.'

interface WayProps {
  readonly node: KithNode
  readonly onRetry: () => void
  /** Another device is here: neither the other way nor back, but by an answer. */
  readonly onBusy: (isBusy: boolean) => void
}

function ShowCode({ node, onRetry, onBusy }: WayProps): ReactNode {
  const { asked, ask } = useQuestion<SeenLinker, LinkAnswer>()
  const offer = useLinkOffer((options) => node.linking.offer({ ...options, confirm: ask }))
  useBusy(isUnderWay(offer), onBusy)
  if (offer.error !== undefined) {
    return <ErrorNotice error={offer.error} action="Show a code" onAction={onRetry} />
  }
  if (asked) return <ConfirmLinker {...asked} />
  return (
    <LinkCodeShown offer={offer} isReachable={node.addresses().length > 0}>
      On a device you already have, choose <strong>Link a device</strong> and scan this code or
      paste its text. In a terminal: <code>kith link</code> and the code.
    </LinkCodeShown>
  )
}

function ReadCode({ node, onRetry, onBusy }: WayProps): ReactNode {
  const { asked, ask } = useQuestion<SeenLinker, LinkAnswer>()
  const [state, setState] = useState<LinkState>()
  const joining = useAction(async (signal, code: string) => {
    const leaving = new AbortController()
    let isGiven = false
    // This screen goes when the account is there, which is before the other device has heard of it.
    signal.addEventListener('abort', () => {
      if (!isGiven) leaving.abort(signal.reason)
    })
    const onState = (now: LinkState): void => {
      isGiven ||= now.state === 'syncing'
      setState(now)
    }
    await node.linking.join(code, { confirm: ask, onState, signal: leaving.signal })
  })
  useBusy(joining.pending && state !== undefined, onBusy)
  if (joining.error !== undefined) {
    return <ErrorNotice error={joining.error} action="Enter another code" onAction={onRetry} />
  }
  if (asked) return <ConfirmLinker {...asked} />
  if (joining.pending && state) return <LinkSteps state={state} />
  return (
    <LinkCodeForm pending={joining.pending} onSubmit={joining.run} warning={OWN_ONLY}>
      <p>
        On a device you already have, choose <strong>Link a device</strong>, then{' '}
        <strong>Show a code</strong>. In a terminal: <code>kith link --show</code>.
      </p>
    </LinkCodeForm>
  )
}

function isUnderWay({ state, error }: OfferView): boolean {
  if (error !== undefined || !state) return false
  return state.state !== 'waiting' && state.state !== 'failed'
}
