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
        {groupByRelay(relays).map(([relay, state, addresses]) => (
          <li key={relay} className="row-card">
            <p className="connection" data-state={state.state}>
              <strong>{RELAY_WORDS.get(state.state) ?? state.state}</strong>
            </p>
            {state.reason !== undefined && state.state !== 'ready' && <p>{state.reason}</p>}
            {addresses.map((address) => (
              <code key={address} className="address">
                {address}
              </code>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

type RelayState = Status['relays'][number]

/** One relay has an address for each transport, all in the same state. */
function groupByRelay(
  relays: readonly RelayState[],
): readonly (readonly [relay: string, state: RelayState, addresses: readonly string[]])[] {
  const byRelay = Map.groupBy(relays, ({ address }) => address.split('/p2p/').at(-1) ?? address)
  return [...byRelay].flatMap(([relay, states]) =>
    states[0] ? [[relay, states[0], states.map(({ address }) => address)] as const] : [],
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
