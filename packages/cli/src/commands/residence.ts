/** The device of one `kith up`, over all its times of being locked and open (CLI-42). */

import type { KithNode } from '@kithmesh/node'
import { type LockedDevice, lockedError, waitLocked } from '../device/locked.ts'
import { performFor } from '../device/perform.ts'
import type { Served } from '../device/served.ts'
import type { Perform } from '../local/connection.ts'

/** What the local socket speaks to. */
export interface Residence {
  readonly perform: Perform
  /** Lives until the signal aborts: open, locked, open again. */
  live(): Promise<void>
  /** Stops the device, if it is open. */
  leave(): Promise<void>
}

/** Who lives there, and what is told. */
export interface ResidenceParts extends Omit<Served, 'node'> {
  /** Undefined: it begins locked. */
  readonly first: KithNode | undefined
  open(passphrase: string): Promise<KithNode>
  /** Says that the device is there; ends at once, or when it was linked. */
  announce(node: KithNode): Promise<void>
  announceLocked(): void
  /** Calls under way end with this error. */
  interrupt(error: Error): void
  readonly signal: AbortSignal
}

/** Begins with the first device, or locked. */
export function createResidence(parts: ResidenceParts): Residence {
  const { signal } = parts
  let state: OpenState | LockedDevice = parts.first ? openState(parts.first) : beginLocked()

  function beginLocked(): LockedDevice {
    return waitLocked({ open: parts.open, stop: parts.stop, signal })
  }

  function openState(node: KithNode): OpenState {
    const locked = Promise.withResolvers<void>()
    node.addEventListener('lock:changed', ({ detail }) => {
      if (!detail.locked) return
      // Before the command that locks is answered: the next one meets a locked device.
      state = beginLocked()
      parts.interrupt(lockedError())
      locked.resolve()
    })
    return { node, locked: locked.promise, perform: performFor({ ...parts, node }) }
  }

  async function liveOpen({ node, locked }: OpenState): Promise<void> {
    try {
      await parts.announce(node)
    } catch (error) {
      // What it waited for ended with the device.
      if ('node' in state) throw error
    }
    await Promise.race([locked, abortOf(signal)])
  }

  async function liveLocked({ unlocked }: LockedDevice): Promise<void> {
    parts.announceLocked()
    const node = await unlocked
    if (node !== undefined) state = openState(node)
  }

  return {
    perform: (name, input, call) => state.perform(name, input, call),
    live: async () => {
      while (!signal.aborted) {
        await ('node' in state ? liveOpen(state) : liveLocked(state))
      }
    },
    leave: async () => {
      if ('node' in state) await state.node.stop()
      else await state.settled()
    },
  }
}

interface OpenState {
  readonly node: KithNode
  /** Resolves when it has locked. */
  readonly locked: Promise<void>
  readonly perform: Perform
}

async function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
