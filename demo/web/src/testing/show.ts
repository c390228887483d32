import type { HomeLockState, KithNode, NodeOptions } from '@kithmesh/node'
import { createMemoryNotes, type Notes } from '../notes.ts'
import { createOpening, type Homes } from '../opening.ts'
import { mountPage } from '../page.tsx'

/** The page as it is, around the device a test brings. */
export interface ShownPage {
  readonly leave: () => void
}

/** A device, why there is none, or what makes one. */
type Brought = KithNode | Error | ((options: NodeOptions) => KithNode)

/** A home with a passphrase, which nobody has mistyped. */
const LOCKED: HomeLockState = { passphrase: true, keyring: false, passkeys: 0, wrongTries: 0 }

/** Puts the page into the document, with its styles, at a route. */
export async function showPage(
  brought: Brought,
  {
    route = '#/',
    homes,
    notes = createMemoryNotes(),
    lock = LOCKED,
  }: {
    readonly route?: string
    readonly homes?: Partial<Homes>
    readonly notes?: Notes
    readonly lock?: HomeLockState
  } = {},
): Promise<ShownPage> {
  const style = await addStyles()
  history.replaceState(null, '', `${location.pathname}${location.search}${route}`)
  const place = document.createElement('div')
  place.id = 'page'
  document.documentElement.lang = 'en'
  document.title = 'Kithmesh'
  document.body.append(place)
  const opening = createOpening({
    home: 'test',
    createNode: async (options) => {
      if (brought instanceof Error) throw brought
      return typeof brought === 'function' ? brought(options) : brought
    },
    fetchRelays: async () => [],
    lockStateOf: async () => lock,
    homes: { memory: ':memory:', has: async () => true, erase: async () => undefined, ...homes },
    notes,
  })
  const unmount = mountPage(place, opening)
  opening.open()
  return {
    leave: () => {
      unmount()
      place.remove()
      style.remove()
    },
  }
}

function addStyles(): Promise<HTMLLinkElement> {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = new URL('../styles/page.css', import.meta.url).href
  return new Promise((resolve, reject) => {
    link.onload = () => resolve(link)
    link.onerror = () => reject(new Error('no styles'))
    document.head.append(link)
  })
}
