import type { ReactNode } from 'react'
import { type Route, useHiddenRoutes, useRoute } from '../route.ts'
import { useNews } from '../views/hooks.ts'
import { useActivity } from '../views/lock-state.ts'
import { useNotifications } from '../views/notifications.ts'
import { useTheme } from '../views/theme.ts'
import { AlertsBar } from './alerts-bar.tsx'
import { ChatPane } from './chat-pane.tsx'
import { ConnectionPane } from './connection-pane.tsx'
import { DevicesPane } from './devices-pane.tsx'
import { HistoryNote } from './history-note.tsx'
import { SessionBanner } from './session-banner.tsx'
import { SettingsPane } from './settings-pane.tsx'
import { Sidebar } from './sidebar.tsx'
import { StarredPane } from './starred-pane.tsx'
import { StoreNote } from './store-note.tsx'

/** Sidebar and pane side by side; where there is room for one only, the route says which. */
export function MainScreen({ temporary }: { readonly temporary: boolean }): ReactNode {
  const route = useRoute()
  useHiddenRoutes(temporary)
  useActivity()
  useTheme()
  useNotifications()
  return (
    <main className="mesh" data-shows={route.pane === 'home' ? 'sidebar' : 'pane'}>
      <div className="above">
        <SessionBanner temporary={temporary} />
        <AlertsBar />
        <StoreNote />
        <HistoryNote />
      </div>
      <Sidebar route={route} temporary={temporary} />
      <OpenPane route={route} />
      <Heard />
    </main>
  )
}

function OpenPane({ route }: { readonly route: Route }): ReactNode {
  switch (route.pane) {
    case 'home':
      return <p className="pane pane-empty quiet">Choose a contact to read and write.</p>
    case 'chat':
      return <ChatPane key={route.contact} contact={route.contact} />
    case 'starred':
      return <StarredPane />
    case 'devices':
      return <DevicesPane />
    case 'connection':
      return <ConnectionPane />
    case 'settings':
      return <SettingsPane />
  }
}

/** What a person who does not look at the screen hears when a message comes. */
function Heard(): ReactNode {
  const { latest } = useNews()
  return (
    <p role="status" className="heard">
      {latest && `${latest.from.name}: ${latest.text}`}
    </p>
  )
}
