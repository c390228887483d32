/** The messages of a fake device. */

import type { KithNode } from '@kithmesh/node'
import {
  ACCOUNT,
  chatOf,
  deliveryState,
  type FakeDevice,
  message,
  messageId,
} from './fake-device.ts'

/** The messages, as a command sees them. */
export function messagesOf(fake: FakeDevice): KithNode['messages'] {
  return {
    send: async (contact, { text }) => {
      if (fake.sendFailure !== undefined) throw fake.sendFailure
      const from = { account: ACCOUNT, name: 'Ada', self: true }
      const [delivery = deliveryState()] = fake.deliveries
      const sent = message({
        message: messageId('sent'),
        chat: chatOf(contact),
        from,
        text,
        delivery,
      })
      fake.messages.push(sent)
      fake.events.dispatchEvent(new CustomEvent('message:sent', { detail: sent }))
      return {
        message: sent.message,
        chat: sent.chat,
        async *delivery() {
          yield* fake.deliveries
          await new Promise(() => undefined)
        },
      }
    },
    markRead: async (contact, { upTo } = {}) => {
      fake.readUpTo = { contact, upTo }
      fake.unread = upTo === undefined ? 0 : 1
    },
    unread: async () => fake.unread,
    gaps: async () => fake.gaps,
    get: async (id) => fake.messages.find((one) => one.message === id),
    list: async (contact, options) => {
      fake.whileListing?.()
      const history = fake.messages.filter(({ chat }) => chat === chatOf(contact))
      return options?.limit === undefined ? history : history.slice(-options.limit)
    },
  }
}

/** Those of them with a star. */
export function starredOf(fake: FakeDevice): KithNode['starred'] {
  const set = (id: string, starred: boolean): void => {
    fake.messages = fake.messages.map((one) => (one.message === id ? { ...one, starred } : one))
  }
  return {
    add: async (id) => set(id, true),
    remove: async (id) => set(id, false),
    list: async () => fake.messages.filter(({ starred }) => starred),
  }
}
