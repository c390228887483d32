import type { Status } from '../api/status.ts'
import type { Chats } from '../chats.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeliveryStates } from './delivery-states.ts'
import type { Undelivered } from './undelivered.ts'

type WaitingContact = NonNullable<Status['waiting']>[number]

/** Asks for whom messages wait. */
export type WaitingContacts = () => Promise<readonly WaitingContact[]>

/** For whom messages wait, most first: how many, and what the oldest of each waits for (DEL-42). */
export function createWaitingContacts(parts: {
  readonly undelivered: Pick<Undelivered, 'chats' | 'inOrder'>
  readonly chats: Pick<Chats, 'get'>
  readonly contacts: Pick<Contacts, 'ofChat' | 'nameOf'>
  readonly states: Pick<DeliveryStates, 'stateOf'>
}): WaitingContacts {
  const { undelivered, chats, contacts, states } = parts

  async function waitingIn(
    chat: ReturnType<typeof undelivered.chats>[number],
  ): Promise<readonly WaitingContact[]> {
    const contact = contacts.ofChat(chat)
    const messages = undelivered.inOrder(chat).filter(({ isReceipt }) => !isReceipt)
    const oldest = messages[0] && (await chats.get(messages[0].message))
    if (!contact || !oldest) return []
    const { waiting } = await states.stateOf(oldest, contact)
    if (!waiting) return []
    return [{ contact, name: contacts.nameOf(contact), messages: messages.length, ...waiting }]
  }

  return async () => {
    const found = await Promise.all(undelivered.chats().map(waitingIn))
    return found.flat().sort((a, b) => b.messages - a.messages)
  }
}
