import type { KithNode, NodeOptions } from '@kithmesh/node'
import { codeOf } from './faults.ts'
import { createViews, type Views } from './views/views.ts'

/** How far this page is with being a device. */
export type Stage =
  | { readonly stage: 'opening' }
  /** It has keys, and belongs to no account yet. */
  | { readonly stage: 'unlinked'; readonly node: KithNode }
  | { readonly stage: 'ready'; readonly node: KithNode; readonly views: Views }
  /** Another tab is this device (WEB-2). */
  | { readonly stage: 'in-use' }
  | { readonly stage: 'failed'; readonly error: unknown }

/** The one place where the page's device is opened and stopped. */
export interface Opening {
  readonly subscribe: (onChange: () => void) => () => void
  readonly get: () => Stage
  /** Opens the device, again after it failed. */
  readonly open: () => void
  /** Makes an account; this page is its first device. */
  readonly createAccount: (name: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** What the page is made of; tests bring a device of their own. */
export interface OpeningParts {
  readonly home: string
  readonly createNode: (options: NodeOptions) => Promise<KithNode>
  readonly fetchRelays: () => Promise<readonly string[]>
}

/** Nothing is opened until `open` is called. */
export function createOpening(parts: OpeningParts): Opening {
  const lookers = new Set<() => void>()
  let stage: Stage = { stage: 'opening' }

  function show(next: Stage): void {
    stage = next
    for (const tell of lookers) tell()
  }

  async function open(options: Partial<NodeOptions>): Promise<void> {
    // Without its server the device still knows the relays of its last start.
    const relays = await parts.fetchRelays().catch(() => [])
    const node = await parts.createNode({ home: parts.home, relays, ...options })
    if (node.account !== undefined) return show(ready(node))
    node.addEventListener('account:ready', () => show(ready(node)))
    show({ stage: 'unlinked', node })
  }

  function fail(error: unknown): void {
    const inUse = codeOf(error) === 'ERR_HOME_IN_USE'
    show(inUse ? { stage: 'in-use' } : { stage: 'failed', error })
  }

  async function close(): Promise<void> {
    if ('node' in stage) await stage.node.stop()
  }

  return {
    subscribe: (onChange) => {
      lookers.add(onChange)
      return () => void lookers.delete(onChange)
    },
    get: () => stage,
    open: () => {
      show({ stage: 'opening' })
      open({ newDevice: true }).catch(fail)
    },
    createAccount: async (name) => {
      await close()
      show({ stage: 'opening' })
      await open({ name }).catch(fail)
    },
    close,
  }
}

function ready(node: KithNode): Stage {
  return { stage: 'ready', node, views: createViews(node) }
}
