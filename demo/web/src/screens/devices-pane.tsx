import type { Device } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { useFocusOnArrival } from '../parts/arrival.ts'
import { Pane } from '../parts/pane.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { useDevices, useKith } from '../views/hooks.ts'
import { type DeviceDeed, DeviceDeedSheet } from './device-deed-sheet.tsx'
import { DeviceRow } from './device-row.tsx'
import { LinkDeviceSheet } from './link-device-sheet.tsx'
import { RecoveryKit } from './recovery-kit.tsx'

/** The account's devices, each with the path to it and why it is that one. */
export function DevicesPane(): ReactNode {
  const { views } = useKith()
  const [isLinking, setLinking] = useState(false)
  const [deed, setDeed] = useState<DeviceDeed>()
  const [done, setDone] = useState<ReactNode>()
  const viewed = useDevices()
  const mayLink = viewed.state === 'ready' && viewed.value.some(linksOthers)
  return (
    <Pane
      title="Devices"
      tools={
        mayLink && (
          <button type="button" className="main-button" onClick={() => setLinking(true)}>
            Link a device
          </button>
        )
      }
    >
      {done !== undefined && <Done key={String(deed)}>{done}</Done>}
      <ViewedContent viewed={viewed} view={views.devices}>
        {(devices) => <DeviceList devices={devices} onDeed={setDeed} />}
      </ViewedContent>
      <div className="pane-body">
        <RecoveryKit />
      </div>
      {deed && <DeviceDeedSheet deed={deed} onDone={setDone} onClose={() => setDeed(undefined)} />}
      {isLinking && <LinkDeviceSheet onClose={() => setLinking(false)} />}
    </Pane>
  )
}

/** A session that ends by itself links nobody who stays. */
function linksOthers(device: Device): boolean {
  return device.this && device.expiresAt === undefined
}

function DeviceList({
  devices,
  onDeed,
}: {
  readonly devices: readonly Device[]
  readonly onDeed: (deed: DeviceDeed) => void
}): ReactNode {
  const earlier = devices.filter(({ state }) => state === 'unlinked')
  const row = (device: Device): ReactNode => (
    <DeviceRow key={device.device} device={device} devices={devices} onDeed={onDeed} />
  )
  return (
    <div className="pane-body stack">
      <ul className="rows">{devices.filter(({ state }) => state !== 'unlinked').map(row)}</ul>
      {earlier.length > 0 && (
        <details className="folded">
          <summary>Earlier devices ({earlier.length})</summary>
          <ul className="rows">{earlier.map(row)}</ul>
        </details>
      )}
    </div>
  )
}

/** The button that was pressed may be gone with its row: the focus goes on here. */
function Done({ children }: { readonly children: ReactNode }): ReactNode {
  const said = useFocusOnArrival<HTMLParagraphElement>()
  return (
    <p ref={said} tabIndex={-1} role="status" className="done">
      {children}
    </p>
  )
}
