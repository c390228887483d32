import type { AccountId } from '@kithmesh/protocol'
import type { EventSource, ExchangesEvents, TypedEvents } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { NodeEvents } from '../api/events.ts'
import type { MessageGap } from '../api/messages.ts'
import type { Chats } from '../chats.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'
import { watchCatchingUp } from './catching-up.ts'
import type { Entitlement } from './entitlement.ts'
import { answerGaps } from './gap-answering.ts'
import { askForGaps } from './gap-asking.ts'
import { startGaps } from './gaps.ts'
import { openNumbers } from './numbers.ts'
import type { Outbox } from './outbox.ts'

/** The holes in what contacts wrote to this account. */
export interface GapRepair {
  /** @throws ERR_NOT_FOUND */
  of(contact: AccountId): Promise<readonly MessageGap[]>
  /** To be called when the store has lost some of the chats: what is gone shows, and is asked for (E2). */
  recheck(): Promise<void>
}

/** Counts what arrives, shows what is missing, asks for it, and gives what others miss. */
export function startGapRepair(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly chats: Chats
    readonly logs: DeviceLogs
    readonly peers: Peers
    readonly outbox: Outbox
    readonly entitlement: Entitlement
    readonly contacts: Contacts
    readonly exchanges: { readonly events: TypedEvents<ExchangesEvents> }
    /** When somebody became a contact, ms since 1970 UTC. */
    readonly metAt: (contact: AccountId) => number | undefined
  },
  told: Pick<EventSource<NodeEvents>, 'emit'>,
): GapRepair {
  const { account, logs, chats, contacts, peers } = parts
  const { isContact, succession } = contacts
  const { isHeld } = succession
  const gaps = startGaps(
    context,
    {
      account,
      chats,
      logs,
      numbers: openNumbers(context, { account, logs, metAt: parts.metAt }),
      contacts: () => logs.accounts().filter(isContact),
      catchingUp: watchCatchingUp(context, { exchanges: parts.exchanges, peers }),
    },
    told,
  )
  askForGaps(context, { gaps, logs, peers, isContact, isHeld })
  answerGaps(context, { ...parts, isContact, isHeld })
  return {
    // One person's, over all accounts the person has had (ACC-12).
    of: async (contact) => {
      contacts.require(contact)
      const accounts = [...succession.earlierOf(contact), contact]
      return (await Promise.all(accounts.map(gaps.of))).flat()
    },
    recheck: gaps.recheck,
  }
}
