import type { Device } from '@kithmesh/node'
import { type ReactNode, useState } from 'react'
import { DeviceKind } from '../parts/device-kind.tsx'
import { ErrorNotice } from '../parts/error-notice.tsx'
import { DateAndTime } from '../parts/moment.tsx'
import { saveFile } from '../parts/save-file.ts'
import { routeHref } from '../route.ts'
import { useAction } from '../views/action.ts'
import type { Alert } from '../views/alerts.ts'
import { useAlerts, useContacts, useDevices, useKith } from '../views/hooks.ts'

/** What about devices a person should look at, above everything else until they did (WEB-44). */
export function AlertsBar(): ReactNode {
  const viewed = useAlerts()
  if (viewed.state !== 'ready' || viewed.value.length === 0) return null
  return (
    <section className="alerts" aria-label="Alerts">
      {viewed.value.map((alert) => (
        <AlertNotice key={keyOf(alert)} alert={alert} />
      ))}
    </section>
  )
}

function keyOf(alert: Alert): string {
  if (alert.kind === 'forked') return `forked ${alert.fork.device} ${alert.fork.at}`
  return `${alert.kind} ${alert.device.device}`
}

function AlertNotice({ alert }: { readonly alert: Alert }): ReactNode {
  switch (alert.kind) {
    case 'linked':
      return <LinkedAlert alert={alert} />
    case 'returned':
      return <ReturnedAlert alert={alert} />
    case 'removed':
      return <RemovedAlert alert={alert} />
    case 'forked':
      return <ForkedAlert alert={alert} />
  }
}

type Of<K extends Alert['kind']> = { readonly alert: Extract<Alert, { kind: K }> }

function LinkedAlert({ alert }: Of<'linked'>): ReactNode {
  const { node, views } = useKith()
  const { device } = alert
  const [isSuspended, setSuspended] = useState(false)
  const suspending = useAction(async (signal) => {
    await node.devices.suspend(device.device, { signal })
    setSuspended(true)
    views.alerts.acknowledge({ kind: 'removed', device })
  })
  return (
    <AlertCard alert={alert} dismiss="It was me">
      <p>
        <strong>
          A new device belongs to your account: <bdi>{device.name}</bdi>
        </strong>{' '}
        (<DeviceKind kind={device.kind} />
        ), linked <DateAndTime at={device.addedAt} />
        <ByDevice of={device} />. It reads and writes in your name.
      </p>
      {device.maySuspend && !isSuspended && (
        <button
          type="button"
          className="danger-button"
          aria-disabled={suspending.pending}
          onClick={() => suspending.run()}
        >
          This was not me: suspend it
        </button>
      )}
      {!device.maySuspend && <p>This device cannot suspend it; look at your list of devices.</p>}
      {suspending.error !== undefined && (
        <ErrorNotice
          error={suspending.error}
          action="Try again"
          onAction={() => suspending.run()}
        />
      )}
    </AlertCard>
  )
}

function ByDevice({ of }: { readonly of: Device }): ReactNode {
  const viewed = useDevices()
  const devices = viewed.state === 'ready' ? viewed.value : []
  const by = devices.find(({ device }) => device === of.linkedBy)
  if (!by) return null
  return (
    <>
      {' by '}
      <bdi>{by.name}</bdi>
    </>
  )
}

function ReturnedAlert({ alert }: Of<'returned'>): ReactNode {
  const { node, views } = useKith()
  const { device } = alert
  const readmitting = useAction(async (signal) => {
    await node.devices.readmit(device.device, { signal })
    views.alerts.acknowledge(alert)
  })
  return (
    <AlertCard alert={alert} dismiss="Leave it out">
      <p>
        <strong>
          <bdi>{device.name}</bdi> is back.
        </strong>{' '}
        It was suspended, and gets nothing until it is readmitted. Do so only if you know who has
        it.
      </p>
      <button type="button" aria-disabled={readmitting.pending} onClick={() => readmitting.run()}>
        Readmit it
      </button>
      {readmitting.error !== undefined && (
        <ErrorNotice
          error={readmitting.error}
          action="Try again"
          onAction={() => readmitting.run()}
        />
      )}
    </AlertCard>
  )
}

function RemovedAlert({ alert }: Of<'removed'>): ReactNode {
  const { device } = alert
  return (
    <AlertCard alert={alert} dismiss="All right">
      <p>
        <strong>
          <bdi>{device.name}</bdi> is out of your account.
        </strong>{' '}
        It gets nothing newer. <a href={routeHref({ pane: 'devices' })}>Your devices</a> say why.
      </p>
    </AlertCard>
  )
}

function ForkedAlert({ alert }: Of<'forked'>): ReactNode {
  const { fork } = alert
  return (
    <AlertCard alert={alert} dismiss="I have seen it">
      {fork.own ? <OwnFork fork={fork} /> : <ContactFork fork={fork} />}
      {fork.proof.length > 0 && (
        <button
          type="button"
          onClick={() => saveFile({ name: 'kithmesh-fork-proof.bin', bytes: fork.proof })}
        >
          Save the proof
        </button>
      )}
    </AlertCard>
  )
}

function OwnFork({
  fork,
}: {
  readonly fork: Extract<Alert, { kind: 'forked' }>['fork']
}): ReactNode {
  const viewed = useDevices()
  const devices = viewed.state === 'ready' ? viewed.value : []
  const device = devices.find((one) => one.device === fork.device)
  return (
    <p>
      <strong>
        {device ? <bdi>{device.name}</bdi> : 'A device of your account'} was seen twice.
      </strong>{' '}
      Two copies of it are at work: it was restored from a backup, or somebody has its key. It can
      do nothing more but put devices out. Suspend it or unlink it, then link it anew, in{' '}
      <a href={routeHref({ pane: 'devices' })}>your devices</a>.
    </p>
  )
}

function ContactFork({
  fork,
}: {
  readonly fork: Extract<Alert, { kind: 'forked' }>['fork']
}): ReactNode {
  const viewed = useContacts()
  const contacts = viewed.state === 'ready' ? viewed.value : []
  const contact = contacts.find((one) => one.contact === fork.account)
  return (
    <p>
      <strong>
        A device of {contact ? <bdi>{contact.name}</bdi> : 'a contact'} was seen twice.
      </strong>{' '}
      Two copies of it are at work: it was restored from a backup, or somebody has its key and may
      read what you write. Tell them, by another way than this one, and send them the proof.
    </p>
  )
}

function AlertCard({
  alert,
  dismiss,
  children,
}: {
  readonly alert: Alert
  readonly dismiss: string
  readonly children: ReactNode
}): ReactNode {
  const { views } = useKith()
  return (
    <div className="alert" role="alert" data-kind={alert.kind}>
      {children}
      <button type="button" onClick={() => views.alerts.acknowledge(alert)}>
        {dismiss}
      </button>
    </div>
  )
}
