import type { Device } from '@kithmesh/node'
import { Fragment, type ReactNode } from 'react'

/** Names of devices in a sentence, each isolated from its neighbours: "a, b or c". */
export function DeviceNames({ devices }: { readonly devices: readonly Device[] }): ReactNode {
  return devices.map((device, at) => (
    <Fragment key={device.device}>
      {at > 0 && (at === devices.length - 1 ? ' or ' : ', ')}
      <bdi>{device.name}</bdi>
    </Fragment>
  ))
}
