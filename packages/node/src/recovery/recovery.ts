import type { AccountState } from '../account/account-state.ts'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'
import type { LogIntake } from '../standing/log-intake.ts'
import { startAnswering } from './answering.ts'
import type { CopyParts } from './contents.ts'
import { type Giving, startGiving } from './giving.ts'
import { shareRestored } from './restored.ts'
import { openShelf } from './shelf.ts'
import { openRecoveryWords, type RecoveryWords } from './words.ts'

/** Recovery for an account that is open: its words, its copies, and those of others. */
export interface Recovery extends Pick<Giving, 'copies'> {
  readonly words: RecoveryWords
}

/** Opens words and shelf, gives copies to contacts and answers for theirs. */
export async function startRecovery(
  context: DeviceContext,
  parts: CopyParts & {
    readonly state: AccountState
    readonly intake: LogIntake
    readonly peers: Peers
    readonly ownName: () => string
  },
): Promise<Recovery> {
  const { state } = parts
  const words = await openRecoveryWords(context)
  const shelf = await openShelf(context, parts)
  const giving = startGiving(context, parts)
  startAnswering(context, { ...parts, shelf, giving })
  const dropOf = ({ contact }: { readonly contact: CopyParts['account'] }): void => {
    if (!parts.isContact(contact)) void shelf.drop(contact).catch(() => undefined)
  }
  const { events } = state.data
  const { signal } = context
  events.addEventListener('contact:removed', ({ detail }) => dropOf(detail), { signal })
  events.addEventListener('contact:changed', ({ detail }) => dropOf(detail), { signal })
  await shareRestored(context, state.compact)
  return { words, copies: giving.copies }
}
