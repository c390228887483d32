/** Our sessions in a page, on the algorithms a device in a page has. */

import { createBrowserPrimitives } from '../../../packages/node/src/primitives.browser.ts'
import { createKithmeshPair } from './kithmesh-pair.ts'
import { type Way, ways } from './session-pair.ts'

const pair = createKithmeshPair(await createBrowserPrimitives())

const page = {
  start: async (): Promise<void> => {
    await pair
  },
  /** Milliseconds it took, by the page's clock. */
  run: async (way: Way, count: number): Promise<number> => {
    const began = performance.now()
    await ways[way](await pair, count)
    return performance.now() - began
  },
}

/** The calls, as the process beside the browser sees them. */
export type SessionsPage = typeof page

Object.assign(globalThis, { page })
