import type { KithNode } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import type { NodeLibrary } from '../io.ts'
import type { CallContext } from '../local/connection.ts'

/** The running device, as its calls see it. */
export interface Served {
  readonly node: KithNode
  readonly parseMessageId: NodeLibrary['parseMessageId']
  readonly passphraseWarning: NodeLibrary['passphraseWarning']
  /** Stops the device; resolves when it has stopped. */
  stop(): Promise<void>
}

/** A call of a command and the device it is for. */
export interface Serving extends Served, CallContext {}

/** Refuses a call that needs an account on a device that has none yet. @throws ERR_NOT_LINKED */
export function requireAccount(node: KithNode): void {
  if (node.account !== undefined) return
  throw CommandError.of('ERR_NOT_LINKED', 'This device is not linked to an account yet.')
}
