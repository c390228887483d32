import { describe, expect, test } from 'vitest'
import { parseRoute, type Route, routeHref } from './route.ts'

const ROUTES: readonly Route[] = [
  { pane: 'home' },
  { pane: 'starred' },
  { pane: 'settings' },
  { pane: 'devices' },
  { pane: 'connection' },
  { pane: 'chat', contact: 'a/b#c %' },
]

describe('routes', () => {
  test.each(ROUTES)('WEB-8 the fragment of $pane names it again', (route) => {
    expect(parseRoute(routeHref(route))).toEqual(route)
  })

  test.each(['', '#', '#/', '#/nowhere', '#/chat', '#/chat/'])(
    'WEB-8 %j, which names nothing, is home',
    (hash) => {
      expect(parseRoute(hash)).toEqual({ pane: 'home' })
    },
  )

  test('WEB-8 a fragment that is no text is taken as it stands', () => {
    expect(parseRoute('#/chat/%E0%A4%A')).toEqual({ pane: 'chat', contact: '%E0%A4%A' })
  })
})
