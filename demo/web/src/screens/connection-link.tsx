import type { Status } from '@kithmesh/node'
import type { ReactNode } from 'react'
import { routeHref } from '../route.ts'
import { useStatus } from '../views/hooks.ts'
import type { Viewed } from '../views/view.ts'

/** In one glance: whether other devices can reach this one. */
export function ConnectionLink({ isOpen }: { readonly isOpen: boolean }): ReactNode {
  const { state, words } = summaryOf(useStatus())
  return (
    <a
      className="connection"
      href={routeHref({ pane: 'connection' })}
      data-state={state}
      aria-current={isOpen ? 'page' : undefined}
    >
      <span role="status">{words}</span>
    </a>
  )
}

/** The best of the relays counts: one is enough. */
function summaryOf(viewed: Viewed<Status>): {
  readonly state: 'ready' | 'connecting' | 'failed'
  readonly words: string
} {
  if (viewed.state === 'loading') return { state: 'connecting', words: 'Connecting' }
  if (viewed.state === 'failed') return { state: 'failed', words: 'State unknown' }
  const states = new Set(viewed.value.relays.map(({ state }) => state))
  if (states.has('ready')) return { state: 'ready', words: 'Relay ready' }
  if (states.has('connecting')) return { state: 'connecting', words: 'Connecting to a relay' }
  if (states.size === 0) return { state: 'failed', words: 'No relay' }
  return { state: 'failed', words: 'Relay not reachable' }
}
