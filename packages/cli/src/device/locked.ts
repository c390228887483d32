/** A device that waits to be unlocked: its socket answers everything but `unlock` and `stop` with ERR_LOCKED (CLI-42). */

import type { KithNode } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import { CALLS } from '../local/calls.ts'
import type { CallContext, Perform } from '../local/connection.ts'
import { lockEvent } from './lock.ts'

/** What a locked device can do. */
export interface LockedDevice {
  readonly perform: Perform
  /** The device, once somebody has given the passphrase; undefined when the signal aborts first. */
  readonly unlocked: Promise<KithNode | undefined>
  /** Ends with the try that is under way; what it opened is stopped again. Once the signal aborted. */
  settled(): Promise<void>
}

/** Where a locked device comes from and goes to. */
export interface LockedParts {
  /** Opens the home. @throws ERR_PASSPHRASE, ERR_LOCK_BACKOFF and what else opening throws */
  open(passphrase: string): Promise<KithNode>
  stop(): Promise<void>
  readonly signal: AbortSignal
}

/** Waits for the passphrase. */
export function waitLocked({ open, stop, signal }: LockedParts): LockedDevice {
  const unlocked = Promise.withResolvers<KithNode | undefined>()
  let opening: Promise<void> = Promise.resolve()
  let device: KithNode | undefined
  signal.addEventListener('abort', () => unlocked.resolve(device), { once: true })

  /** One try at a time: a second would only find the home in use. */
  async function unlock(passphrase: string): Promise<KithNode> {
    if (device !== undefined) return device
    signal.throwIfAborted()
    const opened = await open(passphrase)
    if (signal.aborted) {
      await opened.stop()
      signal.throwIfAborted()
    }
    device = opened
    unlocked.resolve(device)
    return device
  }

  async function tryToUnlock(input: unknown, call: CallContext): Promise<void> {
    const { passphrase } = CALLS.unlock.parse(input, 'input')
    const trying = opening.then(() => unlock(passphrase))
    opening = trying.then(
      () => undefined,
      () => undefined,
    )
    await call.emit(lockEvent(await (await trying).lock.state()))
  }

  return {
    unlocked: unlocked.promise,
    settled: () => opening,
    perform: async (name, input, call) => {
      if (name === 'unlock') return tryToUnlock(input, call)
      if (name !== 'stop') throw lockedError()
      await stop()
      await call.emit({ event: 'stopped' })
    },
  }
}

/** What every other command is told. */
export function lockedError(): CommandError {
  return CommandError.of('ERR_LOCKED', 'The device is locked.')
}
