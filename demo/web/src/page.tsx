import { type ReactNode, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import type { Opening } from './opening.ts'
import { FailedScreen, InUseScreen, OpeningScreen } from './screens/before-screens.tsx'
import { LeftScreen } from './screens/left-screen.tsx'
import { LockedScreen } from './screens/locked-screen.tsx'
import { MainScreen } from './screens/main-screen.tsx'
import { StartScreen } from './screens/start-screen.tsx'
import { KithContext } from './views/hooks.ts'

/** Shows the device; returns how to take it off the page. */
export function mountPage(place: Element, opening: Opening): () => void {
  const root = createRoot(place)
  root.render(<Page opening={opening} />)
  return () => root.unmount()
}

function Page({ opening }: { readonly opening: Opening }): ReactNode {
  const stage = useSyncExternalStore(opening.subscribe, opening.get)
  switch (stage.stage) {
    case 'opening':
      return <OpeningScreen />
    case 'in-use':
      return <InUseScreen onRetry={opening.open} />
    case 'locked':
      return <LockedScreen lock={stage.lock} onUnlock={opening.unlock} onErase={opening.erase} />
    case 'failed':
      return <FailedScreen error={stage.error} onRetry={opening.open} />
    case 'new':
      return <StartScreen key="start" way={stage.way} opening={opening} />
    case 'unlinked':
      return <StartScreen key="start" made={stage} opening={opening} />
    case 'left':
      return <LeftScreen {...stage} onErase={opening.erase} />
    case 'ready':
      return (
        <KithContext value={stage}>
          <MainScreen temporary={stage.temporary} />
        </KithContext>
      )
  }
}
