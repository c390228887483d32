import { KithError } from '@kithmesh/protocol'
import type { EventSource } from '@kithmesh/sync'
import type { KithNode, NodeEvents } from './api.ts'
import type { DeviceContext } from './context.ts'
import type { Linking } from './linking.ts'
import type { OpenAccount } from './open-account.ts'

/** What the facade hands its calls to. */
export interface NodeParts {
  readonly context: DeviceContext
  readonly events: EventSource<NodeEvents>
  readonly linking: Linking
  /** The account this device belongs to, once it does. */
  readonly account: () => OpenAccount | undefined
  readonly stop: () => Promise<void>
}

/** The device as its host sees it: every call goes to the room that does it. */
export function createFacade(parts: NodeParts): KithNode {
  const { context, events, linking } = parts
  const account = (): OpenAccount => {
    context.signal.throwIfAborted()
    const open = parts.account()
    if (open) return open
    throw new KithError('ERR_NO_ACCOUNT', 'this device belongs to no account yet', {
      hint: 'Link it first: show its code and scan it with a device of yours.',
    })
  }
  return {
    device: context.device,
    name: context.name,
    get account() {
      return parts.account()?.account
    },
    addresses: () => context.net.addresses(),
    status: async (options) => account().status(options),
    linking: { offer: (options) => linking.offer(options) },
    devices: {
      list: async (options) => account().devices.list(options),
      link: async (code, options) => account().linkDevice(code, options),
      rename: async (device, name, options) => account().devices.rename(device, name, options),
    },
    contacts: {
      list: async (options) => account().contacts.list(options),
      invite: async (options) => account().contacts.invite(options),
      add: async (code, options) => account().contacts.add(code, options),
      rename: async (contact, name, options) => account().contacts.rename(contact, name, options),
    },
    messages: {
      send: async (contact, content, options) => account().messages.send(contact, content, options),
      get: async (message, options) => account().messages.get(message, options),
      list: async (contact, options) => account().messages.list(contact, options),
    },
    starred: {
      add: async (message, options) => account().starred.add(message, options),
      remove: async (message, options) => account().starred.remove(message, options),
      list: async (options) => account().starredMessages(options),
    },
    addEventListener: events.addEventListener,
    removeEventListener: events.removeEventListener,
    stop: parts.stop,
    [Symbol.asyncDispose]: parts.stop,
  }
}
