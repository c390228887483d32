import type { EventSource } from '@kithmesh/sync'
import type { NodeEvents } from './api/events.ts'
import type { DeviceLock } from './api/lock.ts'
import type { KithNode } from './api/node.ts'
import type { DeviceContext } from './context.ts'
import type { Linking } from './linking/linking.ts'
import type { OpenAccount } from './open-account.ts'
import type { Restoring } from './recovery/restore.ts'
import type { Membership } from './standing/membership.ts'

/** What the facade hands its calls to. */
export interface NodeParts {
  readonly context: DeviceContext
  readonly events: EventSource<NodeEvents>
  readonly linking: Linking
  readonly restoring: Restoring
  readonly lock: DeviceLock
  /** The account this device belongs to, once it does, and whether it is in. */
  readonly membership: Pick<Membership, 'account' | 'require' | 'status'>
  readonly stop: () => Promise<void>
}

/** The device as its host sees it: every call goes to the room that does it. */
export function createFacade(parts: NodeParts): KithNode {
  const { context, events, linking } = parts
  const account = (): OpenAccount => {
    context.signal.throwIfAborted()
    return parts.membership.require()
  }
  return {
    device: context.device,
    name: context.name,
    get account() {
      return parts.membership.account()
    },
    addresses: () => context.net.addresses(),
    status: async () => {
      context.signal.throwIfAborted()
      return parts.membership.status()
    },
    linking: {
      offer: (options) => linking.offer(options),
      join: (code, options) => linking.join(code, options),
    },
    devices: {
      list: async (options) => account().devices.list(options),
      link: async (code, options) => account().linker.link(code, options),
      offer: async (options) => account().linker.offer(options),
      nearby: (options) => account().linker.nearby(options),
      linkNearby: async (device, options) => account().linker.linkNearby(device, options),
      approveHistory: async (device, options) => account().approveHistory(device, options),
      rename: async (device, name, options) => account().devices.rename(device, name, options),
      unlink: async (device, options) => account().standing.unlink(device, options),
      suspend: async (device, options) => account().standing.suspend(device, options),
      readmit: async (device, options) => account().standing.readmit(device, options),
      leave: async (options) => account().standing.leave(options),
      alerts: async (options) => account().alerts.list(options),
    },
    relays: {
      list: async () => context.relays.list(),
      add: async (address, options) => context.relays.add(address, options),
      remove: async (address) => context.relays.remove(address),
      claim: async (code, options) => {
        account()
        return context.relays.claim(code, options)
      },
      usage: async (relay, options) => {
        account()
        return context.relays.usage(relay, options)
      },
    },
    deviceLog: {
      export: async (options) => account().deviceLog.export(options),
    },
    contacts: {
      list: async (options) => account().contacts.list(options),
      invite: async (options) => account().contacts.invite(options),
      add: async (code, options) => account().contacts.add(code, options),
      rename: async (contact, name, options) => account().contacts.rename(contact, name, options),
      replace: async (contact, by, options) => account().contacts.replace(contact, by, options),
      code: async (contact, options) => account().contacts.code(contact, options),
      verify: async (contact, options) => account().contacts.verify(contact, options),
      unverify: async (contact, options) => account().contacts.unverify(contact, options),
      accept: async (contact, options) => account().contacts.accept(contact, options),
    },
    messages: {
      send: async (contact, content, options) => account().messages.send(contact, content, options),
      get: async (message, options) => account().messages.get(message, options),
      list: async (contact, options) => account().messages.list(contact, options),
      markRead: async (contact, options) => account().messages.markRead(contact, options),
      unread: async (contact, options) => account().messages.unread(contact, options),
      gaps: async (contact) => account().gaps.of(contact),
    },
    history: {
      state: async () => account().history.state(),
      digest: async (options) => account().history.digest(options),
      allow: async (device, choice, options) => account().history.allow(device, choice, options),
    },
    starred: {
      add: async (message, options) => account().starred.add(message, options),
      remove: async (message, options) => account().starred.remove(message, options),
      list: async (options) => account().starredMessages(options),
    },
    chats: {
      list: async (options) => account().chatList.list(options),
      get: async (contact, options) => account().chatList.get(contact, options),
      edit: async (contact, change, options) => account().chatList.edit(contact, change, options),
      shouldNotify: async (message, options) => account().chatList.shouldNotify(message, options),
    },
    labels: {
      list: async (options) => account().labels.list(options),
      create: async (name, options) => account().labels.create(name, options),
      rename: async (label, name, options) => account().labels.rename(label, name, options),
      remove: async (label, options) => account().labels.remove(label, options),
      put: async (label, on, options) => account().labels.put(label, on, options),
      take: async (label, from, options) => account().labels.take(label, from, options),
      on: async (place, options) => account().labels.on(place, options),
      items: async (label, options) => account().labels.items(label, options),
    },
    settings: {
      list: async (options) => account().settings.list(options),
      get: async (key, options) => account().settings.get(key, options),
      set: async (key, value, options) => account().settings.set(key, value, options),
      reset: async (key, options) => account().settings.reset(key, options),
      quiet: async (options) => account().settings.quiet(options),
    },
    recovery: {
      state: async (options) => account().recovery.words.state(options),
      show: async (options) => account().recovery.words.show(options),
      challenge: async (options) => account().recovery.words.challenge(options),
      confirm: async (answers, options) => account().recovery.words.confirm(answers, options),
      copies: async (on, options) => account().recovery.copies(on, options),
      restore: async (words, options) => parts.restoring.restore(words, options),
    },
    lock: parts.lock,
    addEventListener: events.addEventListener,
    removeEventListener: events.removeEventListener,
    stop: parts.stop,
    [Symbol.asyncDispose]: parts.stop,
  }
}
