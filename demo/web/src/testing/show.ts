import type { KithNode } from '@kithmesh/node'
import { createOpening } from '../opening.ts'
import { mountPage } from '../page.tsx'

/** The page as it is, around the device a test brings. */
export interface ShownPage {
  readonly leave: () => void
}

/** Puts the page into the document, with its styles, at a route. */
export async function showPage(
  node: KithNode | Error | Promise<KithNode>,
  { route = '#/' }: { readonly route?: string } = {},
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
    createNode: async () => {
      if (node instanceof Error) throw node
      return node
    },
    fetchRelays: async () => [],
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
