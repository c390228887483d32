import type { Device } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { DeviceKind } from '../parts/device-kind.tsx'
import { DeviceNames } from '../parts/device-names.tsx'
import { InlineName } from '../parts/inline-name.tsx'
import { DateAndTime } from '../parts/moment.tsx'
import { whoApproves, whoDecides } from '../views/device-tree.ts'
import { useKith } from '../views/hooks.ts'
import { DeviceActions } from './device-actions.tsx'
import type { DeviceDeed } from './device-deed-sheet.tsx'

/** One device: where it is, where it comes from, how long it stays, and what can be done about it (WEB-43). */
export function DeviceRow({
  device,
  devices,
  onDeed,
}: {
  readonly device: Device
  readonly devices: readonly Device[]
  readonly onDeed: (deed: DeviceDeed) => void
}): ReactNode {
  const isIn = device.state === 'active'
  return (
    <li className="row-card">
      <div className="device-head">
        <DeviceName device={device} />
        <span className="quiet">
          <DeviceKind kind={device.kind} />
        </span>
        {device.state !== 'active' && <span className="tag">{STATE_WORDS[device.state]}</span>}
      </div>
      {isIn && (
        <p className="path" data-path={device.path}>
          {PATH_WORDS[device.path]}
          {!device.this && <span className="quiet">{device.reason}</span>}
        </p>
      )}
      <Origin device={device} devices={devices} />
      {device.state === 'held' && (
        <p>It waits: the account has as many devices as it may have. Unlink one, and it is in.</p>
      )}
      {device.state === 'suspended' && <WhySuspended device={device} devices={devices} />}
      {isIn && <Stay device={device} devices={devices} />}
      <DeviceActions
        device={device}
        mayApprove={whoApproves(devices, device).some((one) => one.this)}
        decides={whoDecides(devices, device)}
        onDeed={onDeed}
      />
    </li>
  )
}

/** A device that is out keeps the name it had. */
function DeviceName({ device }: { readonly device: Device }): ReactNode {
  const { node } = useKith()
  const name = <bdi className="device-name">{device.name}</bdi>
  if (device.state === 'unlinked') return name
  return (
    <InlineName
      name={device.name}
      onRename={(next, options) => node.devices.rename(device.device, next, options)}
    >
      {name}
    </InlineName>
  )
}

function Origin({ device, devices }: RowProps): ReactNode {
  const by = devices.find((one) => one.device === device.linkedBy)
  return (
    <p className="quiet">
      {device.linkedBy === undefined ? 'Made the account ' : 'Linked '}
      <DateAndTime at={device.addedAt} />
      {by && (
        <>
          {' by '}
          <bdi>{by.name}</bdi>
        </>
      )}
      {device.path === 'away' && device.lastSeen !== undefined && (
        <>
          {' · last seen '}
          <DateAndTime at={device.lastSeen} />
        </>
      )}
      {device.pending > 0 && ` · ${device.pending} changes behind`}
    </p>
  )
}

/** A device that was met within a week needs no countdown: 30 days less 7. */
const IDLE_WORTH_SAYING = 23

/** What ends, or begins, by itself. */
function Stay({ device, devices }: RowProps): ReactNode {
  const { expiresAt, historyAt, idleIn, path } = device
  const approvers = whoApproves(devices, device).filter((one) => !one.this)
  return (
    <>
      {expiresAt !== undefined && (
        <p>
          Here for a while only: out by itself <DateAndTime at={expiresAt} />. It cannot link
          others.
        </p>
      )}
      {path === 'away' && idleIn !== undefined && idleIn <= IDLE_WORTH_SAYING && (
        <p>
          Lapses in {idleIn} {idleIn === 1 ? 'day' : 'days'} if no device of yours meets it: it is
          suspended then, and keeps what it has.
        </p>
      )}
      {historyAt !== undefined && (
        <p>
          Earlier messages wait until <DateAndTime at={historyAt} />: it was linked from afar.
          {approvers.length > 0 && (
            <>
              {' '}
              <DeviceNames devices={approvers} /> can let it have them now.
            </>
          )}
        </p>
      )}
    </>
  )
}

function WhySuspended({ device, devices }: RowProps): ReactNode {
  const { suspended } = device
  if (!suspended) return <p>Out, because a device above it is.</p>
  const by = devices.find((one) => one.device === suspended.by)
  return (
    <p>
      {SUSPENDED_WORDS[suspended.reason]}
      {by && suspended.reason !== 'left' && (
        <>
          {' by '}
          <bdi>{by.name}</bdi>
        </>
      )}
      {', '}
      <DateAndTime at={suspended.at} />. It keeps what it has, and gets nothing newer.
    </p>
  )
}

interface RowProps {
  readonly device: Device
  readonly devices: readonly Device[]
}

const PATH_WORDS = {
  this: 'This device',
  lan: 'On this network',
  direct: 'Direct connection',
  relayed: 'Over a relay',
  away: 'Away',
} as const

const STATE_WORDS = {
  held: 'Waiting',
  suspended: 'Suspended',
  unlinked: 'Unlinked',
} as const

const SUSPENDED_WORDS = {
  lost: 'Suspended as lost',
  idle: 'Suspended, as nobody met it for 30 days,',
  left: 'It left by itself',
  revoked: 'Suspended, as its key was unlinked elsewhere,',
} as const
