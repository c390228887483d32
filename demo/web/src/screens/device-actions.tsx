import type { Device } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { DeviceNames } from '../parts/device-names.tsx'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { useAction } from '../views/action.ts'
import { useKith } from '../views/hooks.ts'
import type { DeviceDeed } from './device-deed-sheet.tsx'

/** What this device may do about another, and for the rest which device may (WEB-43). */
export function DeviceActions({
  device,
  mayApprove,
  decides,
  onDeed,
}: {
  readonly device: Device
  readonly mayApprove: boolean
  /** The devices above it that are in. */
  readonly decides: readonly Device[]
  readonly onDeed: (deed: DeviceDeed) => void
}): ReactNode {
  const { node } = useKith()
  const approving = useAction(async (signal) => {
    await node.devices.approveHistory(device.device, { signal })
  })
  if (device.state === 'unlinked') return null
  const deeds = deedsOf(device)
  const canApprove = device.historyAt !== undefined && device.state === 'active' && mayApprove
  return (
    <>
      {(deeds.length > 0 || canApprove) && (
        <div className="row">
          {canApprove && (
            <button
              type="button"
              aria-disabled={approving.pending}
              onClick={() => approving.run()}
              aria-label={`Approve history of ${device.name}`}
            >
              Approve history
            </button>
          )}
          {deeds.map((deed) => (
            <button
              key={deed}
              type="button"
              aria-label={`${LABELS[deed]} ${deed === 'leave' ? 'with ' : ''}${device.name}`}
              onClick={() => onDeed({ deed, device })}
            >
              {LABELS[deed]}
            </button>
          ))}
        </div>
      )}
      {approving.error !== undefined && (
        <ErrorNotice error={approving.error} action="Try again" onAction={() => approving.run()} />
      )}
      <Elsewhere device={device} decides={decides} />
    </>
  )
}

function deedsOf(device: Device): readonly DeviceDeed['deed'][] {
  const { state, mayUnlink, maySuspend, mayReadmit } = device
  if (device.this) return device.linkedBy === undefined ? [] : ['leave']
  return [
    ...(mayReadmit ? (['readmit'] as const) : []),
    ...(maySuspend && state !== 'suspended' ? (['suspend'] as const) : []),
    ...(mayUnlink ? (['unlink'] as const) : []),
  ]
}

/** The buttons that are not there, in a sentence. */
function Elsewhere({
  device,
  decides,
}: {
  readonly device: Device
  readonly decides: readonly Device[]
}): ReactNode {
  const others = decides.filter((one) => !one.this)
  if (device.linkedBy === undefined) {
    return (
      <p className="quiet">
        {device.this ? 'It cannot leave: it' : 'No other device can put it out: it'} made the
        account. If it is lost, your recovery words begin the account anew without it.
      </p>
    )
  }
  if (device.this || device.mayUnlink) return null
  if (others.length === 0) {
    return (
      <p className="quiet">
        The devices that could unlink it are out themselves; your recovery words still can.
      </p>
    )
  }
  return (
    <p className="quiet">
      To {device.state === 'suspended' ? 'readmit or unlink' : 'unlink'} it, use{' '}
      <DeviceNames devices={others} />.
    </p>
  )
}

const LABELS = {
  unlink: 'Unlink',
  suspend: 'Lost it? Suspend',
  readmit: 'Readmit',
  leave: 'Leave',
} as const
