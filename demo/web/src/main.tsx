/** The page: one device, opened once, and the screens that show it. */

import { createNode, eraseHome, hasHome, lockStateOf, MEMORY_HOME } from '@kithmesh/node'
import { homeOf } from './home.ts'
import { createStoredNotes } from './notes.ts'
import { createOpening } from './opening.ts'
import { mountPage } from './page.tsx'
import { fetchRelays } from './relays.ts'

const home = homeOf(location.search)
const opening = createOpening({
  home,
  createNode,
  fetchRelays,
  lockStateOf,
  homes: { memory: MEMORY_HOME, has: hasHome, erase: eraseHome },
  notes: createStoredNotes(home),
})
const place = document.getElementById('page')
if (place) mountPage(place, opening)
opening.open()

// A tab that goes takes its device along; the browser frees the home in any case.
addEventListener('pagehide', () => void opening.close())
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})
