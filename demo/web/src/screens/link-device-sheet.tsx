import type { Device, KithNode, LinkState, SeenDevice } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { LinkSteps } from '../parts/link-steps.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { WaySwitch } from '../parts/way-switch.tsx'
import { useAction } from '../views/action.ts'
import { useBusy } from '../views/busy.ts'
import { useKith } from '../views/hooks.ts'
import { useLinkOffer } from '../views/link-offer.ts'
import { useQuestion } from '../views/question.ts'
import { ConfirmDevice, type DeviceAnswer } from './confirm-device.tsx'
import { LinkCodeForm } from './link-code-form.tsx'
import { LinkCodeShown } from './link-code-shown.tsx'

/** A page cannot listen on a local network, so it does not offer to look around there. */
const WAYS = [
  ['read', 'Enter a code'],
  ['show', 'Show a code'],
] as const

/** The existing device's side of linking: either code, then the digits and a yes or no (WEB-6, WEB-41). */
export function LinkDeviceSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { node, views } = useKith()
  const [way, setWay] = useState<'read' | 'show'>('read')
  const [attempt, setAttempt] = useState(0)
  const [isBusy, setBusy] = useState(false)
  const [linked, setLinked] = useState<Device>()
  const parts = {
    node,
    onRetry: () => setAttempt(attempt + 1),
    onBusy: setBusy,
    onLinked: (device: Device) => {
      // The person has just said yes to it: no need to ask whether it was them.
      views.alerts.acknowledge({ kind: 'linked', device })
      setLinked(device)
    },
  }
  return (
    <Sheet title="Link a device" onClose={onClose}>
      {linked ? (
        <Linked device={linked} onClose={onClose} />
      ) : (
        <>
          {!isBusy && (
            <WaySwitch legend="How to link a device" ways={WAYS} way={way} onChange={setWay} />
          )}
          {way === 'read' ? (
            <ReadCode key={attempt} {...parts} />
          ) : (
            <ShowCode key={attempt} {...parts} />
          )}
        </>
      )}
    </Sheet>
  )
}

const OWN_ONLY =
  'Only link a device you hold in your hands. Whoever sent you a code and asks you to enter it wants to read your messages.'

interface WayProps {
  readonly node: KithNode
  readonly onRetry: () => void
  readonly onBusy: (isBusy: boolean) => void
  readonly onLinked: (device: Device) => void
}

function ReadCode({ node, onRetry, onBusy, onLinked }: WayProps): ReactNode {
  const { asked, ask } = useQuestion<SeenDevice, DeviceAnswer>()
  const [state, setState] = useState<LinkState>()
  const linking = useAction(async (signal, code: string) => {
    // A far device is not refused here: its digits are typed before anything is told to it.
    onLinked(await node.devices.link(code, { far: true, confirm: ask, onState: setState, signal }))
  })
  useBusy(linking.pending && state !== undefined, onBusy)
  if (linking.error !== undefined) {
    return <ErrorNotice error={linking.error} action="Enter another code" onAction={onRetry} />
  }
  if (asked) return <ConfirmDevice way="read" {...asked} />
  if (linking.pending && state) return <LinkSteps state={state} />
  return (
    <LinkCodeForm pending={linking.pending} onSubmit={linking.run} warning={OWN_ONLY}>
      <p>
        On the new device choose <strong>I have a device</strong>, or run{' '}
        <code>kith up --new-device</code>. It shows a code for 60 seconds.
      </p>
    </LinkCodeForm>
  )
}

function ShowCode({ node, onRetry, onBusy, onLinked }: WayProps): ReactNode {
  const { asked, ask } = useQuestion<SeenDevice, DeviceAnswer>()
  const offer = useLinkOffer((options) =>
    node.devices.offer({
      ...options,
      far: true,
      confirm: ask,
      onState: (state) => {
        if (state.state === 'done') void tellLinked(state.device)
      },
    }),
  )
  async function tellLinked(id: Device['device']): Promise<void> {
    const device = (await node.devices.list()).find((one) => one.device === id)
    if (device) onLinked(device)
  }
  const { state, error } = offer
  useBusy(state !== undefined && state.state !== 'waiting' && state.state !== 'failed', onBusy)
  if (error !== undefined) {
    return <ErrorNotice error={error} action="Show a code" onAction={onRetry} />
  }
  if (asked) return <ConfirmDevice way="show" {...asked} />
  return (
    <LinkCodeShown offer={offer} isReachable={node.addresses().length > 0}>
      On the new device choose <strong>I have a device</strong>, then <strong>Enter a code</strong>,
      and scan this code or paste its text.
    </LinkCodeShown>
  )
}

function Linked({
  device,
  onClose,
}: {
  readonly device: Device
  readonly onClose: () => void
}): ReactNode {
  const done = useFocusOnArrival<HTMLButtonElement>()
  return (
    <div className="stack">
      <p role="status">
        <bdi>{device.name}</bdi> is linked. It has your contacts and stars now.
      </p>
      <div className="actions">
        <button ref={done} type="button" className="main-button" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  )
}
