import type {
  AccountId,
  Contact,
  Device,
  KithNode,
  Message,
  MessageId,
  Status,
} from '@kithmesh/node'

/** What the demonstration asks a device in its own process to do. */
export interface DeviceCalls {
  account(): Promise<AccountId>
  /** Waits until this device belongs to an account; the code another device links it with. */
  offer(): Promise<string>
  link(code: string, distance: 'near' | 'far'): Promise<Device>
  invite(): Promise<string>
  addContact(code: string, name: string): Promise<Contact>
  rename(contact: AccountId, name: string): Promise<Contact>
  contacts(): Promise<readonly Contact[]>
  /** Resolves when the message is on every device of the contact. */
  send(contact: AccountId, text: string): Promise<MessageId>
  messages(contact: AccountId): Promise<readonly Message[]>
  star(message: MessageId): Promise<void>
  starred(): Promise<readonly Message[]>
  status(): Promise<Status>
  stop(): Promise<void>
}

/** The calls, on a real device. */
export function callsOf(node: KithNode): DeviceCalls {
  return {
    account: async () => {
      if (!node.account) throw new Error('this device belongs to no account yet')
      return node.account
    },
    offer: async () => (await node.linking.offer()).code,
    link: (code, distance) =>
      node.devices.link(code, { confirm: async () => true, far: distance === 'far' }),
    invite: async () => (await node.contacts.invite()).code,
    addContact: (code, name) => node.contacts.add(code, { name }),
    rename: (contact, name) => node.contacts.rename(contact, name),
    contacts: () => node.contacts.list(),
    send: async (contact, text) => {
      const sent = await node.messages.send(contact, { text })
      const deadline = AbortSignal.timeout(DELIVERY_MS)
      for await (const { reached, of } of sent.delivery({ signal: deadline })) {
        if (reached === of) break
      }
      return sent.message
    },
    messages: (contact) => node.messages.list(contact),
    star: (message) => node.starred.add(message),
    starred: () => node.starred.list(),
    status: () => node.status(),
    stop: () => node.stop(),
  }
}

/** A message of the demonstration has this long to arrive everywhere. */
const DELIVERY_MS = 15_000

/** What goes to a device process. */
export interface CallRequest {
  readonly id: number
  readonly call: keyof DeviceCalls
  readonly args: readonly unknown[]
}

/** What comes back from it. */
export type CallReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }
  /** The device is up, or something was seen on it. */
  | { readonly event: string; readonly detail: unknown }
