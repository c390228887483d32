import { useSyncExternalStore } from 'react'

/** Which pane is open. It stands in the fragment, so that the browser's back and reload do what they say. */
export type Route =
  | { readonly pane: 'home' | 'starred' | 'devices' | 'connection' }
  | { readonly pane: 'chat'; readonly contact: string }

/** The open pane. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash)
  return parseRoute(hash)
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
  return pane === 'chat' && contact ? { pane, contact: decoded(contact) } : { pane: 'home' }
}

function subscribe(onChange: () => void): () => void {
  addEventListener('hashchange', onChange)
  return () => removeEventListener('hashchange', onChange)
}

/** Anybody can type a fragment. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
