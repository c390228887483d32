import type { Contact, KithNode, Message, MessageGap } from '@kithmesh/node'
import { createView, type View } from './view.ts'

/** The newest messages with one contact, oldest first. */
export interface ChatPage {
  readonly messages: readonly Message[]
  readonly hasEarlier: boolean
  /** What is missing of the contact's messages. */
  readonly gaps: readonly MessageGap[]
}

/** A chat that can be read further back. */
export interface ChatView extends View<ChatPage> {
  readonly showEarlier: () => void
}

/** Messages read at once: a few screens full. */
const PAGE_LENGTH = 100

/** The chat with one contact, newest page first. */
export function createChatView(node: KithNode, contact: Contact['contact']): ChatView {
  let limit = PAGE_LENGTH
  const view = createView<ChatPage>({
    load: async ({ signal }) => {
      // One more than is shown tells whether there is more.
      const found = await node.messages.list(contact, { limit: limit + 1, signal })
      const gaps = await node.messages.gaps(contact, { signal })
      return { messages: found.slice(-limit), hasEarlier: found.length > limit, gaps }
    },
    watch: ({ reload, edit }, options) => {
      const onReceived = ({ detail }: CustomEvent<Message>): void => {
        if (detail.from.account === contact || belongs(detail, view)) reload()
      }
      node.addEventListener('message:received', onReceived, options)
      // Whose chat an own message is of cannot be told when it is the first to a new account.
      node.addEventListener('message:sent', reload, options)
      node.addEventListener(
        'message:delivery',
        ({ detail: { message, delivery } }) =>
          edit((page) => withChange(page, message, { delivery })),
        options,
      )
      node.addEventListener(
        'starred:changed',
        ({ detail: { message, starred } }) =>
          edit((page) => withChange(page, message, { starred })),
        options,
      )
      node.addEventListener('message:gap', reload, options)
      node.addEventListener('contact:changed', reload, options)
      node.addEventListener(
        'chat:unread',
        ({ detail }) => {
          if (detail.contact === contact) reload()
        },
        options,
      )
    },
  })
  return {
    ...view,
    showEarlier: () => {
      limit += PAGE_LENGTH
      view.reload()
    },
  }
}

/** One person's messages may be of several chats: one for each account the person has had. */
function belongs({ chat }: Message, view: View<ChatPage>): boolean {
  const viewed = view.get()
  return viewed.state !== 'ready' || viewed.value.messages.some((one) => one.chat === chat)
}

function withChange(
  page: ChatPage,
  message: Message['message'],
  change: Partial<Pick<Message, 'delivery' | 'starred'>>,
): ChatPage | undefined {
  if (!page.messages.some((one) => one.message === message)) return undefined
  const messages = page.messages.map((one) =>
    one.message === message ? { ...one, ...change } : one,
  )
  return { ...page, messages }
}
