import type { Net, NetIdentity } from '@kithmesh/net'
import type { AccountId, ChatId, Clock, DeviceId, MessageId, Rng } from '@kithmesh/protocol'
import type { Scheduler } from '@kithmesh/sync'

/** Cancels a call; every asynchronous call takes one. */
export interface CallOptions {
  readonly signal?: AbortSignal
}

/** How {@link createNode} is asked for a device. */
export interface NodeOptions {
  /** A folder in Node, a database name in a page. */
  readonly home: string
  /** Name of this device, seen by the account's devices only. Kept from the first start on. */
  readonly name?: string
  /** Multiaddrs of relays to hold a reservation on. Kept; later starts add to them. */
  readonly relays?: readonly string[]
  /** Multiaddrs to listen on; default: TCP, WebSocket and webrtc-direct on every interface, any port. */
  readonly listen?: readonly string[]
  /** Whether this device is found on, dials and listens to the local network. Default true. */
  readonly lan?: boolean
  /** Start as a device still to be linked: make no account. Ignored once linked. */
  readonly newDevice?: boolean
  readonly clock?: Clock
  readonly random?: Rng
  readonly scheduler?: Scheduler
  /** The network of this device; default: libp2p. Tests and simulations bring their own. */
  readonly network?: (identity: NetIdentity) => Promise<Net>
  readonly logger?: Logger
  readonly signal?: AbortSignal
}

/** One line of what happens inside; never holds secrets, plaintext or other people's full ids. */
export interface Logger {
  debug(message: string, detail?: Readonly<Record<string, unknown>>): void
  warn(message: string, detail?: Readonly<Record<string, unknown>>): void
}

/** A linked device of this account. */
export interface Device {
  readonly device: DeviceId
  readonly name: string
  /** `cli`, `browser`, … as the device said when it was linked. */
  readonly kind: string
  readonly this: boolean
  readonly state: 'active' | 'held' | 'suspended' | 'unlinked'
  /** ms since 1970 UTC */
  readonly addedAt: number
  readonly lastSeen?: number
  readonly path: 'this' | 'lan' | 'direct' | 'relayed' | 'away'
  readonly reason: string
  /** Account log records this device is known to lack. */
  readonly pending: number
}

export interface Contact {
  readonly contact: AccountId
  readonly name: string
  readonly verified: boolean
  /** Number of its devices. */
  readonly devices: number
}

/** How far a message has come: devices of the recipient that hold it on disk. */
export interface DeliveryState {
  readonly reached: number
  readonly of: number
  readonly read: boolean
}

export interface Message {
  readonly message: MessageId
  readonly chat: ChatId
  readonly from: { readonly account: AccountId; readonly name: string; readonly self: boolean }
  /** The device that wrote it. */
  readonly device: DeviceId
  readonly text: string
  /** The author's clock, ms since 1970 UTC; never decides order alone. */
  readonly at: number
  readonly starred: boolean
  /** Only for own messages. */
  readonly delivery?: DeliveryState
}

export interface SentMessage {
  readonly message: MessageId
  readonly chat: ChatId
  /** The current state at once, then every change, until every device is reached or the signal aborts. */
  delivery(options?: CallOptions): AsyncIterable<DeliveryState>
}

/** The same words on both screens (protocol: linking). */
export type LinkState =
  | { readonly state: 'waiting'; readonly code: string; readonly expiresInMs: number }
  | { readonly state: 'seen' }
  | { readonly state: 'confirm' }
  | { readonly state: 'syncing'; readonly percent: number }
  | { readonly state: 'done'; readonly account: AccountId; readonly device: DeviceId }
  | { readonly state: 'failed'; readonly code: string; readonly message: string }

export interface LinkOffer {
  /** The code as it stands now; changes every 60 s and after each use. */
  readonly code: string
  /** The current state at once, then every change; ends after `done`. A failed attempt goes back to `waiting` with a new code. */
  states(options?: CallOptions): AsyncIterable<LinkState>
  close(): Promise<void>
}

/** What the existing device shows before the person confirms. */
export interface SeenDevice {
  readonly device: DeviceId
  readonly name: string
  readonly kind: string
  /** `near`: a direct connection to a private address; anything else is `far`. */
  readonly distance: 'near' | 'far'
}

export interface LinkOptions extends CallOptions {
  /** Asked once, after both sides proved the secret. */
  readonly confirm: (seen: SeenDevice) => Promise<boolean>
  /** Allow a device that is far. Message history then waits 24 h. */
  readonly far?: boolean
  readonly onState?: (state: LinkState) => void
}

export interface Status {
  readonly account: AccountId
  readonly device: DeviceId
  readonly name: string
  readonly devices: readonly Device[]
  readonly relays: readonly {
    readonly address: string
    readonly state: string
    readonly reason?: string
  }[]
  /** Envelopes waiting in the outbox. */
  readonly pending: number
}

/** `detail` of the events by name. Local and remote changes arrive through the same events. */
export interface NodeEvents {
  'device:linked': Device
  'device:changed': Device
  'contact:changed': Contact
  'contact:removed': { readonly contact: AccountId }
  'message:received': Message
  /** A message of this account appeared here: sent here, or on a sibling. */
  'message:sent': Message
  'message:delivery': { readonly message: MessageId; readonly delivery: DeliveryState }
  'starred:changed': { readonly message: MessageId; readonly starred: boolean }
  'relay:changed': { readonly address: string; readonly state: string; readonly reason?: string }
  'account:ready': { readonly account: AccountId; readonly device: DeviceId }
}

/** A device of the mesh, embedded. Made by `createNode`. */
export interface KithNode extends AsyncDisposable {
  readonly device: DeviceId
  readonly name: string
  /** Undefined until this device belongs to an account. */
  readonly account: AccountId | undefined
  addresses(): readonly string[]
  status(options?: CallOptions): Promise<Status>
  readonly linking: {
    /** On a device still to be linked. @throws ERR_LINK_ALREADY */
    offer(options?: CallOptions): Promise<LinkOffer>
  }
  readonly devices: {
    list(options?: CallOptions): Promise<readonly Device[]>
    /** Links the device that shows `code` to this account. @throws ERR_CODE_…, ERR_LINK_…, ERR_UNREACHABLE */
    link(code: string, options: LinkOptions): Promise<Device>
    rename(device: DeviceId, name: string, options?: CallOptions): Promise<Device>
  }
  readonly contacts: {
    list(options?: CallOptions): Promise<readonly Contact[]>
    /** A single-use code, valid 10 days, that makes whoever adds it a contact on both sides. */
    invite(options?: CallOptions): Promise<{ readonly code: string }>
    add(code: string, options?: CallOptions & { readonly name?: string }): Promise<Contact>
    rename(contact: AccountId, name: string, options?: CallOptions): Promise<Contact>
  }
  readonly messages: {
    /** Resolves when message, sessions and outbox are durable here. */
    send(
      contact: AccountId,
      content: { readonly text: string },
      options?: CallOptions,
    ): Promise<SentMessage>
    get(message: MessageId, options?: CallOptions): Promise<Message | undefined>
    /** Oldest first; `limit` keeps the newest. */
    list(
      contact: AccountId,
      options?: CallOptions & { readonly limit?: number },
    ): Promise<readonly Message[]>
  }
  readonly starred: {
    add(message: MessageId, options?: CallOptions): Promise<void>
    remove(message: MessageId, options?: CallOptions): Promise<void>
    list(options?: CallOptions): Promise<readonly Message[]>
  }
  addEventListener<K extends keyof NodeEvents>(
    type: K,
    listener: (event: CustomEvent<NodeEvents[K]>) => void,
    options?: { signal?: AbortSignal },
  ): void
  removeEventListener<K extends keyof NodeEvents>(
    type: K,
    listener: (event: CustomEvent<NodeEvents[K]>) => void,
  ): void
  stop(): Promise<void>
}
