/** The page: one device, opened once, and the screens that show it. */

import { createNode } from '@kithmesh/node'
import { homeOf } from './home.ts'
import { createOpening } from './opening.ts'
import { mountPage } from './page.tsx'
import { fetchRelays } from './relays.ts'

const opening = createOpening({ home: homeOf(location.search), createNode, fetchRelays })
const place = document.getElementById('page')
if (place) mountPage(place, opening)
opening.open()

// A tab that goes takes its device along; the browser frees the home in any case.
addEventListener('pagehide', () => void opening.close())
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})
