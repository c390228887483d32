import { type AccountId, MAX_RECEIPT_MESSAGES, type MessageId, type Rng } from '@kithmesh/protocol'
import { type AccountData, readSetting } from '@kithmesh/sync'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { pause } from '../scheduler.ts'
import { commitStaged, type Staged, stagedOps } from '../staged.ts'
import type { Write } from './writing.ts'

/** Telling authors that their messages were shown. What is owed stands on disk until it is told. */
export interface Receipts {
  /** Part of the batch in which messages of a contact become read. */
  stageOwed(to: AccountId, messages: readonly MessageId[]): Staged
  /** A sibling has told of these. */
  stageTold(to: AccountId, messages: readonly MessageId[]): Staged
  /** Something was decided anew of a contact, as that its new account is accepted. */
  reconsider(): void
}

/**
 * - `yes`: it is told.
 * - `later`: not before a person has decided something (DEL-17).
 * - `never`: no contact, or the person does not want it.
 */
export type MayTell = 'yes' | 'later' | 'never'

/** The setting by which a person says so. */
export const RECEIPTS = 'receipts.read'

/** Whether the person wants contacts to know what was read (DEL-47). */
export function tellsWhatIsRead({ settings }: Pick<AccountData, 'settings'>): boolean {
  return readSetting(settings, RECEIPTS)
}

/** Only contacts are told, on the account they have now, and nobody against the person's will (B5). */
export function createMayTell(parts: {
  readonly data: Pick<AccountData, 'settings'>
  readonly contacts: Pick<Contacts, 'isContact' | 'succession'>
}): (to: AccountId) => MayTell {
  const { isContact, succession } = parts.contacts
  return (to) => {
    if (!tellsWhatIsRead(parts.data) || !isContact(to)) return 'never'
    if (succession.isHeld(to)) return 'later'
    return succession.replacedBy(to) === undefined ? 'yes' : 'never'
  }
}

/**
 * Between two receipts to one contact there is at least the first, and at random up to the second more:
 * who writes much learns neither when exactly we read nor how fast we answer (B5, DEL-48).
 */
const LEAST_WAIT_MS = 1_000
const MAX_JITTER_MS = 2_000

/** Tells what is owed, now and from earlier starts. */
export function startReceipts(
  context: DeviceContext,
  parts: { readonly write: Write; readonly mayTell: (to: AccountId) => MayTell },
): Receipts {
  const { tables, store, scheduler, rng, signal, logger } = context
  const { write, mayTell } = parts

  const tell = createRounds((to: AccountId, asked) =>
    retry(context, {
      what: 'a read receipt',
      attempt: () => tellAll(to),
      wanted: () => mayTell(to) !== 'later',
      asked,
    }),
  )
  reconsider()

  function reconsider(): void {
    tellOwed().catch(() => {
      if (!signal.aborted) logger.warn('read receipts are not looked at yet')
    })
  }

  async function tellOwed(): Promise<void> {
    const owedTo = new Set<AccountId>()
    for await (const [[to]] of tables.owedReceipts.entries()) owedTo.add(to)
    for (const to of owedTo) void tell(to)
  }

  async function tellAll(to: AccountId): Promise<void> {
    for (;;) {
      // Also before the first: what is read one after the other goes as one.
      await pause(scheduler, LEAST_WAIT_MS + jitter(rng), { signal })
      const messages = await owed(to)
      if (signal.aborted || messages.length === 0) return
      switch (mayTell(to)) {
        case 'later':
          return
        case 'never':
          await commitStaged(store, [stageTold(to, messages)])
          break
        case 'yes':
          await write(to, { kind: 'read', messages }, () => [stageTold(to, messages)])
      }
    }
  }

  async function owed(to: AccountId): Promise<readonly MessageId[]> {
    const messages: MessageId[] = []
    const page = { prefix: [to], limit: MAX_RECEIPT_MESSAGES } as const
    for await (const [[, message]] of tables.owedReceipts.entries(page)) messages.push(message)
    return messages
  }

  function stageTold(to: AccountId, messages: readonly MessageId[]): Staged {
    return stagedOps(...messages.map((message) => tables.owedReceipts.delete([to, message])))
  }

  return {
    stageOwed: (to, messages) => ({
      ops: () => messages.map((message) => tables.owedReceipts.put([to, message], true)),
      publish: () => void tell(to),
    }),
    stageTold,
    reconsider,
  }
}

function jitter(rng: Rng): number {
  const [high = 0, low = 0] = rng.bytes(2)
  return Math.floor(((high * 256 + low) / 65_536) * MAX_JITTER_MS)
}
