import type { Device } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { DeviceKind } from '../parts/device-kind.tsx'
import { InlineName } from '../parts/inline-name.tsx'
import { DateAndTime } from '../parts/moment.tsx'
import { Pane } from '../parts/pane.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { useDevices, useKith } from '../views/hooks.ts'
import { LinkDeviceSheet } from './link-device-sheet.tsx'

/** The account's devices, each with the path to it and why it is that one. */
export function DevicesPane(): ReactNode {
  const { views } = useKith()
  const [isLinking, setLinking] = useState(false)
  return (
    <Pane
      title="Devices"
      tools={
        <button type="button" className="main-button" onClick={() => setLinking(true)}>
          Link a device
        </button>
      }
    >
      <ViewedContent viewed={useDevices()} view={views.devices}>
        {(devices) => (
          <ul className="pane-body rows">
            {devices.map((device) => (
              <DeviceRow key={device.device} device={device} />
            ))}
          </ul>
        )}
      </ViewedContent>
      {isLinking && <LinkDeviceSheet onClose={() => setLinking(false)} />}
    </Pane>
  )
}

function DeviceRow({ device }: { readonly device: Device }): ReactNode {
  const { node } = useKith()
  return (
    <li className="row-card">
      <div className="device-head">
        <InlineName
          name={device.name}
          onRename={(name, options) => node.devices.rename(device.device, name, options)}
        >
          <bdi className="device-name">{device.name}</bdi>
        </InlineName>
        <span className="quiet">
          <DeviceKind kind={device.kind} />
        </span>
        {device.state !== 'active' && <span className="tag">{STATE_WORDS[device.state]}</span>}
      </div>
      <p className="path" data-path={device.path}>
        {PATH_WORDS[device.path]}
        {!device.this && <span className="quiet">{device.reason}</span>}
      </p>
      <p className="quiet">
        Linked <DateAndTime at={device.addedAt} />
        {device.path === 'away' && device.lastSeen !== undefined && (
          <>
            {' · last seen '}
            <DateAndTime at={device.lastSeen} />
          </>
        )}
        {device.pending > 0 && ` · ${device.pending} changes behind`}
      </p>
    </li>
  )
}

const PATH_WORDS = {
  this: 'This device',
  lan: 'On this network',
  direct: 'Direct connection',
  relayed: 'Over a relay',
  away: 'Away',
} as const

const STATE_WORDS = {
  held: 'Held: its entry is disputed',
  suspended: 'Suspended',
  unlinked: 'Unlinked',
} as const
