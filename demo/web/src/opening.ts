import type { HomeLockState, KithNode, LeftReason, NodeOptions } from '@kithmesh/node'
import { codeOf } from './faults.ts'
import { createMemoryNotes, type Notes } from './notes.ts'
import { createViews, type Views } from './views/views.ts'

/** How far this page is with being a device. */
export type Stage =
  | { readonly stage: 'opening' }
  /** No device lives in this browser, and none is made before a person has chosen (WEB-40). */
  | { readonly stage: 'new'; readonly way?: NewWay }
  /** It has keys, and belongs to no account yet. */
  | { readonly stage: 'unlinked'; readonly node: KithNode; readonly temporary: boolean }
  | {
      readonly stage: 'ready'
      readonly node: KithNode
      readonly views: Views
      readonly temporary: boolean
    }
  /** It is out of its account. */
  | {
      readonly stage: 'left'
      readonly name: string
      readonly reason: LeftReason
      readonly temporary: boolean
    }
  /** It waits for its passphrase (WEB-20). */
  | { readonly stage: 'locked'; readonly lock: HomeLockState }
  /** Another tab is this device (WEB-2). */
  | { readonly stage: 'in-use' }
  | { readonly stage: 'failed'; readonly error: unknown }

/** What a person unlocks the device with. */
export type Unlocking = Pick<NodeOptions, 'passphrase' | 'passkey'>

/** As what a browser begins anew. */
export type NewWay = 'link' | 'temporary'

/** The one place where the page's device is opened and stopped. */
export interface Opening {
  readonly subscribe: (onChange: () => void) => () => void
  readonly get: () => Stage
  /** Opens the device that lives here, again after it failed; asks when there is none. */
  readonly open: () => void
  /** Opens the device that is locked. @throws ERR_PASSPHRASE, ERR_LOCK_BACKOFF, ERR_PASSKEY */
  readonly unlock: (by: Unlocking, options: { readonly signal: AbortSignal }) => Promise<void>
  /** Makes a device that is still to be linked; a temporary one is kept nowhere (WEB-46). */
  readonly openNew: (options: { readonly temporary: boolean }) => void
  /** Makes an account; this page is its first device. */
  readonly createAccount: (name: string) => Promise<void>
  /** Deletes the device from this browser; `way` says how to go on, if at all. */
  readonly erase: (way?: NewWay) => Promise<void>
  readonly close: () => Promise<void>
}

/** What the page is made of; tests bring a device of their own. */
export interface OpeningParts {
  readonly home: string
  readonly createNode: (options: NodeOptions) => Promise<KithNode>
  readonly fetchRelays: () => Promise<readonly string[]>
  readonly lockStateOf: (home: string) => Promise<HomeLockState>
  readonly homes: Homes
  /** What this browser remembers of what its person has seen. */
  readonly notes: Notes
}

/** The homes of this browser. */
export interface Homes {
  /** The home that is kept nowhere. */
  readonly memory: string
  readonly has: (home: string) => Promise<boolean>
  readonly erase: (home: string) => Promise<void>
}

/** Nothing is opened until `open` is called. */
export function createOpening(parts: OpeningParts): Opening {
  const lookers = new Set<() => void>()
  const inTurn = createTurns()
  let stage: Stage = { stage: 'opening' }
  let running: KithNode | undefined

  function show(next: Stage): void {
    stage = next
    for (const tell of lookers) tell()
  }

  async function start(options: Partial<NodeOptions>, temporary: boolean): Promise<void> {
    // Without its server the device still knows the relays of its last start.
    const relays = await parts.fetchRelays().catch(() => [])
    const home = temporary ? parts.homes.memory : parts.home
    const node = await parts.createNode({ home, relays, ...options })
    running = node
    const notes = temporary ? createMemoryNotes() : parts.notes
    const showReady = (): void => {
      if (running !== node) return
      show({ stage: 'ready', node, views: createViews(node, notes), temporary })
    }
    const showLeft = (reason: LeftReason): void => {
      if (running !== node) return
      show({ stage: 'left', name: node.name, reason, temporary })
      // What is kept nowhere ends with its time, and not only with the tab.
      if (temporary && !MAY_RETURN.has(reason)) void stop()
    }
    node.addEventListener('lock:changed', ({ detail }) => {
      if (!detail.locked || running !== node) return
      running = undefined
      showLocked().catch(fail)
    })
    node.addEventListener('account:ready', showReady)
    node.addEventListener('account:left', ({ detail }) => showLeft(detail.reason))
    if (node.account === undefined) return show({ stage: 'unlinked', node, temporary })
    const { left } = await node.status()
    if (left) showLeft(left.reason)
    else showReady()
  }

  async function showLocked(): Promise<void> {
    show({ stage: 'locked', lock: await parts.lockStateOf(parts.home) })
  }

  /** The screen stays while the person tries; how often they may is told anew each time. */
  async function tryToUnlock(by: Unlocking, signal: AbortSignal): Promise<void> {
    try {
      await start({ newDevice: true, signal, ...by }, false)
    } catch (error) {
      if (STAYS_LOCKED.has(codeOf(error) ?? '')) await showLocked()
      throw error
    }
  }

  function fail(error: unknown): void {
    if (codeOf(error) === 'ERR_LOCKED') {
      showLocked().catch((cause: unknown) => show({ stage: 'failed', error: cause }))
      return
    }
    const inUse = codeOf(error) === 'ERR_HOME_IN_USE'
    show(inUse ? { stage: 'in-use' } : { stage: 'failed', error })
  }

  async function stop(): Promise<void> {
    const node = running
    running = undefined
    await node?.stop()
  }

  async function startNew(temporary: boolean): Promise<void> {
    if (stage.stage === 'unlinked') {
      if (stage.temporary === temporary) return
      await stop()
      // A device that belongs to no account holds nothing but its key.
      if (temporary) await parts.homes.erase(parts.home)
    }
    await start({ newDevice: true }, temporary)
  }

  return {
    subscribe: (onChange) => {
      lookers.add(onChange)
      return () => void lookers.delete(onChange)
    },
    get: () => stage,
    open: () => {
      show({ stage: 'opening' })
      inTurn(async () => {
        if (await parts.homes.has(parts.home)) await start({ newDevice: true }, false)
        else show({ stage: 'new' })
      }).catch(fail)
    },
    unlock: (by, { signal }) => inTurn(() => tryToUnlock(by, signal)),
    openNew: ({ temporary }) => {
      inTurn(() => startNew(temporary)).catch(fail)
    },
    createAccount: (name) => {
      show({ stage: 'opening' })
      return inTurn(async () => {
        await stop()
        await start({ name }, false)
      }).catch(fail)
    },
    erase: (way) =>
      inTurn(async () => {
        // What was kept nowhere is gone by then; what else lives in this browser is another device.
        const isKept = !('temporary' in stage && stage.temporary)
        await stop()
        if (isKept) {
          await parts.homes.erase(parts.home)
          parts.notes.forget()
        }
        show(way ? { stage: 'new', way } : { stage: 'new' })
      }),
    close: () => stop(),
  }
}

/** What an unlocking may end with: the device is as locked as before. */
const STAYS_LOCKED: ReadonlySet<string> = new Set([
  'ERR_LOCKED',
  'ERR_LOCK_BACKOFF',
  'ERR_PASSKEY',
  'ERR_PASSPHRASE',
])

/** Others may still take it back, or have to hear that it left; any other session is over. */
const MAY_RETURN: ReadonlySet<LeftReason> = new Set(['suspended', 'left', 'held'])

/** One after the other: what is opened is closed before the next is. */
function createTurns(): (task: () => Promise<void>) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const turn = last.then(task)
    last = turn.catch(() => undefined)
    return turn
  }
}
