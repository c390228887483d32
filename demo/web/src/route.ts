import { useEffect, useSyncExternalStore } from 'react'

/** Which pane is open. It stands in the fragment, so that the browser's back and reload do what they say. */
export type Route =
  | { readonly pane: 'home' | 'starred' | 'devices' | 'connection' | 'settings' }
  | { readonly pane: 'chat'; readonly contact: string }

/** The open pane. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => hidden ?? location.hash)
  return parseRoute(hash)
}

/** Opens a pane without a click on a link. */
export function openRoute(route: Route): void {
  if (hidden === undefined) location.hash = routeHref(route)
  else hide(routeHref(route))
}

/**
 * While `isOn`, the open pane stands in memory alone: a fragment stays in the history of the browser, and
 * it names people (WEB-46).
 */
export function useHiddenRoutes(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return
    hide(location.hash)
    const over = new AbortController()
    document.addEventListener('click', followHidden, { capture: true, signal: over.signal })
    return () => {
      over.abort()
      hide(undefined)
    }
  }, [isOn])
}

/** The fragment of a pane, for a link. */
export function routeHref(route: Route): string {
  if (route.pane === 'home') return '#/'
  return route.pane === 'chat' ? `#/chat/${encodeURIComponent(route.contact)}` : `#/${route.pane}`
}

/** The pane a fragment names; what it does not name is home. */
export function parseRoute(hash: string): Route {
  const [pane, contact] = hash.replace(/^#\/?/, '').split('/')
  if (pane === 'starred' || pane === 'devices' || pane === 'connection') return { pane }
  if (pane === 'settings') return { pane }
  return pane === 'chat' && contact ? { pane, contact: decoded(contact) } : { pane: 'home' }
}

/** The fragment of the open pane while it stands in no address. */
let hidden: string | undefined
const lookers = new Set<() => void>()

function hide(hash: string | undefined): void {
  hidden = hash
  for (const tell of lookers) tell()
}

function followHidden(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null
  if (!link) return
  event.preventDefault()
  hide(link.getAttribute('href') ?? '')
}

function subscribe(onChange: () => void): () => void {
  lookers.add(onChange)
  addEventListener('hashchange', onChange)
  return () => {
    lookers.delete(onChange)
    removeEventListener('hashchange', onChange)
  }
}

/** Anybody can type a fragment. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
