import type { Status } from '@kithmesh/node'
import { type ReactNode, useEffect, useState } from 'react'
import { Pane } from '../parts/pane.tsx'
import { ViewedContent } from '../parts/viewed.tsx'
import { useKith, useStatus } from '../views/hooks.ts'

/** How others reach this device, what waits, and whether the browser will keep it. */
export function ConnectionPane(): ReactNode {
  const { views } = useKith()
  return (
    <Pane title="Connection">
      <ViewedContent viewed={useStatus()} view={views.status}>
        {(status) => (
          <div className="pane-body stack">
            <Relays relays={status.relays} />
            <Waiting pending={status.pending} />
            <Keeping />
          </div>
        )}
      </ViewedContent>
    </Pane>
  )
}

function Relays({ relays }: Pick<Status, 'relays'>): ReactNode {
  return (
    <section className="stack">
      <h2>Relays</h2>
      <p className="quiet">
        A relay passes sealed bytes between devices that cannot reach each other. It cannot read or
        keep them.
      </p>
      {relays.length === 0 && (
        <p className="empty">
          This page knows no relay, so no other device can reach it. Start one, then load this page
          again.
        </p>
      )}
      <ul className="rows">
        {relays.map((relay) => (
          <li key={relay.address} className="row-card">
            <p className="connection" data-state={relay.state}>
              <strong>{RELAY_WORDS.get(relay.state) ?? relay.state}</strong>
            </p>
            {relay.reason !== undefined && relay.state !== 'ready' && <p>{relay.reason}</p>}
            <code className="address">{relay.address}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}

const RELAY_WORDS: ReadonlyMap<string, string> = new Map([
  ['ready', 'Ready'],
  ['connecting', 'Connecting'],
  ['failed', 'Not reachable; tried again by itself'],
])

function Waiting({ pending }: Pick<Status, 'pending'>): ReactNode {
  return (
    <section className="stack">
      <h2>Waiting to go out</h2>
      <p>
        {pending === 0
          ? 'Nothing. Everything you wrote has left this device.'
          : `${pending} sealed ${pending === 1 ? 'copy' : 'copies'} of messages wait here until the device each is for can be reached.`}
      </p>
    </section>
  )
}

/** What the browser answered when it was asked to keep this device (E3). */
function Keeping(): ReactNode {
  const kept = useStorageKept()
  return (
    <section className="stack">
      <h2>This device</h2>
      <p>
        While this tab is closed, the device is away: messages for it wait where they were written.
      </p>
      {kept === true && <p>The browser keeps it until you clear this site’s data.</p>}
      {kept === false && (
        <p>
          The browser may delete it when its disk is full or the site is not used for long. Link
          another device: it holds a copy.
        </p>
      )}
    </section>
  )
}

function useStorageKept(): boolean | undefined {
  const [kept, setKept] = useState<boolean>()
  useEffect(() => {
    navigator.storage.persisted().then(setKept, () => setKept(false))
  }, [])
  return kept
}
