import type { Net, NetIdentity } from '@kithmesh/net'
import type {
  AccountId,
  ChatId,
  Clock,
  DeviceId,
  ErrorCode,
  LogAge,
  LogMark,
  MessageId,
  Rng,
} from '@kithmesh/protocol'
import type { Scheduler } from '@kithmesh/sync'
import type { Keyring } from './lock/home-key.ts'

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
  /** Opens a home that is locked; a function is asked only then. */
  readonly passphrase?: string | (() => Promise<string>)
  /** The keyring of the operating system, which opens a home that was put in it. */
  readonly keyring?: Keyring
  /** In a page: ask for a passkey when the home is locked. Needs a click of the person. */
  readonly passkey?: boolean
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
  /** The device that linked it; none for the first one. */
  readonly linkedBy?: DeviceId
  /** It is out from then on, ms since 1970 UTC. */
  readonly expiresAt?: number
  /** Message history is served to it from then on, ms since 1970 UTC; missing when that is now. */
  readonly historyAt?: number
  /** Why it is out, when somebody suspended it itself, by the newest suspension. */
  readonly suspended?: {
    readonly reason: 'lost' | 'idle' | 'left' | 'revoked'
    readonly by: DeviceId
    /** ms since 1970 UTC */
    readonly at: number
  }
  /** Days without a meeting until this device suspends it as idle. */
  readonly idleIn?: number
  /** What this device may do to it. */
  readonly mayUnlink: boolean
  readonly maySuspend: boolean
  readonly mayReadmit: boolean
}

/** Why a device is out of its account. `held`: it would be in, but the account has its 8. */
export type LeftReason = 'unlinked' | 'suspended' | 'left' | 'expired' | 'recovered' | 'held'

/**
 * A device was seen to have written two things in one place: it was cloned or restored from a backup, or
 * its key is stolen.
 */
export interface DeviceAlert {
  readonly account: AccountId
  readonly device: DeviceId
  /** Of this account; else of a contact. */
  readonly own: boolean
  /** Where: in the device log, or among the records of the account. */
  readonly kind: 'log' | 'records'
  /** When it was noticed here, ms since 1970 UTC. */
  readonly at: number
  /** Two signed entries that prove it to anybody (`forkProofCodec`); empty for `records`. */
  readonly proof: Uint8Array
}

export interface Contact {
  readonly contact: AccountId
  readonly name: string
  /** Whether the security codes were compared: on any device of this account. */
  readonly verified: boolean
  /** Number of its devices. */
  readonly devices: number
  /** ms since 1970 UTC */
  readonly verifiedAt?: number
  /** The account this person had before; its messages stand in this one's history. */
  readonly replaces?: AccountId
  /** The account that took this one's place. `list` leaves this one out. */
  readonly replacedBy?: AccountId
  /** An earlier contact that a device of this one belonged to: maybe the same person (`replace`). */
  readonly maybeReplaces?: AccountId
  /** The account was made anew, and nobody has accepted or verified it. */
  readonly changed?: boolean
  /** The account before was verified: nothing is sent until this one is accepted. */
  readonly held?: boolean
  /**
   * `forked`: a device of theirs wrote two entries in one place. `logs-differ`: their screen showed
   * another device log than the one that reaches us.
   */
  readonly alert?: 'forked' | 'logs-differ'
}

/** What two people compare: the same 60 digits on both devices. */
export interface SecurityCode {
  readonly digits: string
  /** The digits in twelve groups of five. */
  readonly groups: readonly string[]
  /** The code to scan: upper-case text, a QR code of 41 modules. */
  readonly qr: string
  readonly verified: boolean
  /** What this device holds of both device logs, as the QR code says it. */
  readonly logs: { readonly own: LogMark; readonly theirs: LogMark }
}

/** What verifying came to. Only the first two mark the contact as verified. */
export type Verification =
  | { readonly kind: 'verified' }
  /** The accounts are the right ones; one of the devices knows less of a device log. They exchange now. */
  | { readonly kind: 'logs-differ'; readonly own: LogAge; readonly theirs: LogAge }
  /** Their device shows another code for this contact: somebody else may stand between the two. */
  | { readonly kind: 'different' }
  /** A code of somebody else; of `contact`, when it is one. */
  | { readonly kind: 'another-person'; readonly contact?: AccountId }
  /** The code this account's own devices show. */
  | { readonly kind: 'own-code' }
  | { readonly kind: 'unreadable'; readonly code: ErrorCode }

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
  /** Both screens show the same six digits; `digits` says which. */
  | { readonly state: 'confirm'; readonly digits: string }
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
  /** Six digits, the same on the new device's screen unless somebody sits between the two. */
  readonly digits: string
  /** It says that it leaves nothing behind: it is linked for 12 h unless the answer names another time. */
  readonly temporary?: boolean
}

/** What a new device shows of the device that is about to take it in. */
export interface SeenLinker {
  readonly device: DeviceId
  readonly name: string
  readonly kind: string
  /** As in {@link SeenDevice}. */
  readonly digits: string
}

/** What a person answered: `differ` when the digits on the two screens are not the same. */
export type LinkAnswer = boolean | 'differ'

/** Yes, as a session that ends by itself after so many hours (1 to 720) and links no other device. */
export interface YesForAWhile {
  readonly temporary: { readonly hours: number }
}

/** How a person is asked; the signal aborts when the question is of no use any more. */
export type AskPerson<T, A = LinkAnswer> = (
  seen: T,
  options: { readonly signal: AbortSignal },
) => Promise<A>

export interface LinkOptions extends CallOptions {
  /**
   * Asked once, when both devices have the digits: is this the device, and does it show the same ones?
   * For a device that reads this one's code the answer has to come from its screen ({@link KithNode}).
   */
  readonly confirm: AskPerson<SeenDevice, LinkAnswer | YesForAWhile>
  /** Allow a device that is far. Message history then waits 24 h. */
  readonly far?: boolean
  /** Link a session that ends by itself after so many hours (1 to 720) and links no other device. */
  readonly temporary?: { readonly hours: number }
  readonly onState?: (state: LinkState) => void
}

/** How a new device waits to be linked. */
export interface LinkOfferOptions extends CallOptions {
  /**
   * Asked when both devices have the digits. Without it the comparing is left to the person at the existing
   * device, and this device is not found nearby.
   */
  readonly confirm?: AskPerson<SeenLinker>
}

/** How a new device joins by the code of an existing one. */
export interface JoinOptions extends CallOptions {
  readonly confirm: AskPerson<SeenLinker>
  readonly onState?: (state: LinkState) => void
}

/** A device on this network that waits to be linked. Name and kind are what it says of itself. */
export interface NearbyDevice {
  readonly device: DeviceId
  readonly name: string
  readonly kind: string
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
  /** This device is out of the account: why, and what a person can do. */
  readonly left?: { readonly reason: LeftReason; readonly hint: string }
}

/**
 * `kept`: the words are here and not written down yet. `confirmed`: they were, and are erased here.
 * `absent`: this is not the device that made the account.
 */
export type RecoveryState = 'kept' | 'confirmed' | 'absent'

/** A recovery word at its place, from 1 to 12. */
export interface WordAnswer {
  readonly place: number
  readonly word: string
}

/** What a recovery will do, before anything is written. */
export interface RecoveryPlan {
  readonly account: AccountId
  /** What the account calls itself; empty when nobody knows. */
  readonly name: string
  /** When the account was made, ms since 1970 UTC. */
  readonly since: number
  /** The devices it has now: those not `kept` will be out. `answered`: it was asked and is on. */
  readonly devices: readonly {
    readonly device: DeviceId
    readonly name: string
    readonly kind: string
    readonly kept: boolean
    readonly answered: boolean
  }[]
  /** How many of each come back. */
  readonly contacts: number
  readonly starred: number
  readonly settings: number
  /** When the newest copy of the account data was made, ms since 1970 UTC; missing when there is none. */
  readonly copyMadeAt?: number
  /** Only a device that was removed from the account made the copy: look at what it says. */
  readonly fromRemoved: boolean
  /** Message history comes from kept devices, or not at all. */
  readonly history: 'kept-devices' | 'none'
  readonly sources: readonly {
    readonly device: DeviceId
    /** Whether it is a device of the account; else of a contact. */
    readonly own: boolean
    readonly name: string
  }[]
  /** 1 for the first recovery of the account. */
  readonly number: number
}

export interface RestoreOptions extends CallOptions {
  /** Surviving devices, one's own or of contacts: multiaddrs with `/p2p/…`, or invite codes. */
  readonly from: readonly string[]
  /** Devices that stay in the account, by id or name. Default: none. */
  readonly keep?: readonly string[]
  /** Asked once, before anything is written. May name other devices to keep. */
  readonly confirm: (
    plan: RecoveryPlan,
  ) => Promise<boolean | { readonly keep: readonly DeviceId[] }>
}

export interface Restored {
  readonly account: AccountId
  readonly device: DeviceId
  readonly kept: readonly DeviceId[]
}

/** What locks this device. */
export interface LockState {
  /** Only ever true in the last `lock:changed` of a device. */
  readonly locked: boolean
  /** A passphrase is set. */
  readonly passphrase: boolean
  /** The keyring of the operating system opens it too. */
  readonly keyring: boolean
  /** How many passkeys open it too. */
  readonly passkeys: number
  /** Minutes without use after which it locks by itself; undefined when it does not. */
  readonly autoLockMinutes?: number
}

/** The app lock: a passphrase around the keys of this device. */
export interface DeviceLock {
  state(options?: CallOptions): Promise<LockState>
  /** Sets the first passphrase. @throws ERR_LOCK_SET, ERR_PASSPHRASE_SIZE, ERR_LOCK_UNSUPPORTED */
  set(passphrase: string, options?: CallOptions): Promise<void>
  /** @throws ERR_PASSPHRASE, ERR_LOCK_BACKOFF, ERR_LOCK_NONE, ERR_PASSPHRASE_SIZE */
  change(old: string, passphrase: string, options?: CallOptions): Promise<void>
  /** Takes the lock away, keyring and passkeys with it. @throws as `change` */
  remove(passphrase: string, options?: CallOptions): Promise<void>
  /** Stops this device and drops its keys; to go on it is created anew. @throws ERR_LOCK_NONE */
  now(): Promise<void>
  /** Says that somebody uses this device. */
  touch(): void
  readonly autoLock: {
    /** Minutes without use. */
    get(): number | undefined
    /** @throws ERR_LOCK_NONE without a passphrase */
    set(minutes: number | undefined, options?: CallOptions): Promise<void>
  }
  readonly keyring: {
    /** @throws ERR_KEYRING; and as `change` */
    add(passphrase: string, options?: CallOptions): Promise<void>
    remove(options?: CallOptions): Promise<void>
  }
  readonly passkeys: {
    /** Asks the browser for a new passkey. @throws ERR_PASSKEY; and as `change` */
    add(passphrase: string, options?: CallOptions): Promise<void>
    /** This device forgets all of them; the browser still lists them. */
    remove(options?: CallOptions): Promise<void>
  }
}

/** `detail` of the events by name. Local and remote changes arrive through the same events. */
export interface NodeEvents {
  'device:linked': Device
  'device:changed': Device
  /** A device of this account is out now, whoever put it out. */
  'device:removed': Device
  /** A suspended device of this account is back, and this one may readmit it. */
  'device:returned': Device
  /** Once for each proof, of this account or of a contact. */
  'device:forked': DeviceAlert
  'contact:changed': Contact
  'contact:removed': { readonly contact: AccountId }
  'message:received': Message
  /** A message of this account appeared here: sent here, or on a sibling. */
  'message:sent': Message
  'message:delivery': { readonly message: MessageId; readonly delivery: DeliveryState }
  'starred:changed': { readonly message: MessageId; readonly starred: boolean }
  'relay:changed': { readonly address: string; readonly state: string; readonly reason?: string }
  'lock:changed': LockState
  'account:ready': { readonly account: AccountId; readonly device: DeviceId }
  /** This device is out of its account. It keeps its data; after a readmission `account:ready` comes again. */
  'account:left': { readonly reason: LeftReason }
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
    /** On a device still to be linked: shows a code, and is found nearby. @throws ERR_LINK_ALREADY */
    offer(options?: LinkOfferOptions): Promise<LinkOffer>
    /**
     * On a device still to be linked: joins the account whose device shows `code` (`devices.offer`).
     * Resolves when this device belongs to it. @throws ERR_CODE_…, ERR_LINK_…, ERR_UNREACHABLE
     */
    join(code: string, options: JoinOptions): Promise<AccountId>
  }
  readonly devices: {
    list(options?: CallOptions): Promise<readonly Device[]>
    /** Links the device that shows `code` to this account. @throws ERR_CODE_…, ERR_LINK_…, ERR_UNREACHABLE */
    link(code: string, options: LinkOptions): Promise<Device>
    /**
     * Shows a code of this device for a new one to read. Whoever photographs it may dial first: `confirm` has
     * to compare the digits with those on the new device. Ends after one device is linked.
     */
    offer(options: LinkOptions): Promise<LinkOffer>
    /** Devices on this network that wait to be linked, each as it comes, until the signal aborts. */
    nearby(options?: CallOptions): AsyncIterable<NearbyDevice>
    /** Links one of them; without a code, so the digits alone say that it is the one. @throws ERR_LINK_… */
    linkNearby(device: DeviceId, options: LinkOptions): Promise<Device>
    /**
     * Lets a device that was linked from afar have the history before its 24 h are over. By any device but
     * itself, the one that linked it, and those below it. @throws ERR_NOT_FOUND, ERR_DEVICE_RIGHT
     */
    approveHistory(device: DeviceId, options?: CallOptions): Promise<Device>
    rename(device: DeviceId, name: string, options?: CallOptions): Promise<Device>
    /**
     * Puts a device out for good, with all it had linked; only for devices above it.
     * @throws ERR_DEVICE_RIGHT, ERR_DEVICE_SELF, ERR_NOT_FOUND
     */
    unlink(device: DeviceId, options?: CallOptions): Promise<void>
    /**
     * Puts a device out until one above it readmits it; any device may, but not the first nor one above it.
     * @throws ERR_DEVICE_RIGHT, ERR_DEVICE_SELF, ERR_NOT_FOUND
     */
    suspend(device: DeviceId, options?: CallOptions): Promise<Device>
    /** Takes a suspended device back: it keeps what it had. @throws ERR_DEVICE_RIGHT, ERR_DEVICE_SELF, ERR_NOT_FOUND */
    readmit(device: DeviceId, options?: CallOptions): Promise<Device>
    /** This device goes out by itself. @throws ERR_DEVICE_RIGHT for the first device */
    leave(options?: CallOptions): Promise<void>
    /** Devices seen to have been cloned, of this account and of contacts; the newest first. */
    alerts(options?: CallOptions): Promise<readonly DeviceAlert[]>
  }
  readonly deviceLog: {
    /** Who is in the account and why, signed throughout: a file for `verifyDeviceLogFile`. */
    export(options?: CallOptions): Promise<Uint8Array>
  }
  readonly contacts: {
    list(options?: CallOptions): Promise<readonly Contact[]>
    /** A single-use code, valid 10 days, that makes whoever adds it a contact on both sides. */
    /** `replaces`: whoever uses it is that contact, with an account made anew. */
    invite(
      options?: CallOptions & { readonly replaces?: AccountId },
    ): Promise<{ readonly code: string }>
    add(
      code: string,
      options?: CallOptions & { readonly name?: string; readonly replaces?: AccountId },
    ): Promise<Contact>
    rename(contact: AccountId, name: string, options?: CallOptions): Promise<Contact>
    /** Says that `by`, a contact too, is the account this contact has now. @throws ERR_NOT_FOUND */
    replace(contact: AccountId, by: AccountId, options?: CallOptions): Promise<Contact>
    /** The security code of both accounts. @throws ERR_NOT_FOUND */
    code(contact: AccountId, options?: CallOptions): Promise<SecurityCode>
    /**
     * Marks a contact as verified, on all devices: because the person compared the digits, or, with
     * `scanned`, when the code on the other's screen is the right one.
     */
    verify(
      contact: AccountId,
      options?: CallOptions & { readonly scanned?: string },
    ): Promise<Verification>
    unverify(contact: AccountId, options?: CallOptions): Promise<Contact>
    /** Accepts an account made anew: sending goes on. */
    accept(contact: AccountId, options?: CallOptions): Promise<Contact>
  }
  readonly messages: {
    /** Resolves when message, sessions and outbox are durable here. @throws ERR_CONTACT_CHANGED, ERR_TEXT */
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
  readonly recovery: {
    state(options?: CallOptions): Promise<RecoveryState>
    /** The 12 recovery words. @throws ERR_WORDS_GONE */
    show(options?: CallOptions): Promise<readonly string[]>
    /** The three places to confirm, from 1. @throws ERR_WORDS_GONE, ERR_WORDS_TRIES */
    challenge(options?: CallOptions): Promise<readonly number[]>
    /** Erases the words here, once three are typed. @throws ERR_WORDS_WRONG, ERR_WORDS_TRIES */
    confirm(answers: readonly WordAnswer[], options?: CallOptions): Promise<void>
    /** Whether contacts are given sealed copies of the account data; sets it when `on` is given. */
    copies(on?: boolean, options?: CallOptions): Promise<boolean>
    /**
     * On a device without an account: begins the account anew with this device as its first.
     * @throws ERR_WORDS, ERR_RECOVERY_…, ERR_UNREACHABLE, ERR_LINK_ALREADY
     */
    restore(words: string, options: RestoreOptions): Promise<Restored>
  }
  readonly lock: DeviceLock
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
