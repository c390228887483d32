import type { AccountId, DeviceId, MessageId } from '@kithmesh/protocol'
import type { Chat, ChatChange, Notifiable, NotifyAnswer } from './chats.ts'
import type { Contact, SecurityCode, Verification } from './contacts.ts'
import type { Device, DeviceAlert } from './devices.ts'
import type { NodeEvents } from './events.ts'
import type { HistoryChoice, HistoryDigest, HistoryState } from './history.ts'
import type { Label, LabelledItems, LabelPlace } from './labels.ts'
import type {
  JoinOptions,
  LinkOffer,
  LinkOfferOptions,
  LinkOptions,
  NearbyDevice,
} from './linking.ts'
import type { DeviceLock } from './lock.ts'
import type { Message, MessageGap, SentMessage } from './messages.ts'
import type { CallOptions } from './options.ts'
import type { RecoveryState, Restored, RestoreOptions, WordAnswer } from './recovery.ts'
import type { RelayUsage } from './relays.ts'
import type { QuietState, Setting, SettingKey, SettingValues } from './settings.ts'
import type { RelayStatus, Status } from './status.ts'

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
  /** Relays this device holds a place on. The list is this device's own. */
  readonly relays: {
    list(options?: CallOptions): Promise<readonly RelayStatus[]>
    /** Holds a place there from now on. @throws ERR_ADDRESS, ERR_RELAYS */
    add(address: string, options?: CallOptions): Promise<readonly RelayStatus[]>
    /** Takes out one address, or all of a relay's peer id. @throws ERR_NOT_FOUND */
    remove(address: string, options?: CallOptions): Promise<readonly RelayStatus[]>
    /**
     * Makes this account the owner of the relay that shows `code`: from then on it serves the devices of
     * this account, and who dials them. @throws ERR_CODE_…, ERR_RELAY_CLAIM, ERR_UNREACHABLE
     */
    claim(code: string, options?: CallOptions): Promise<readonly RelayStatus[]>
    /**
     * What relays say they forwarded for this account, oldest day first: one of them, by address or peer id, or all that
     * keep sums. @throws ERR_NOT_FOUND where it is none of ours or keeps none, ERR_SIGNATURE, ERR_UNREACHABLE
     */
    usage(relay?: string, options?: CallOptions): Promise<readonly RelayUsage[]>
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
    /**
     * The person has seen what the contact wrote, up to the message `upTo` or all of it: on every own device,
     * and, unless the setting `receipts.read` is false, the contact is told. @throws ERR_NOT_FOUND
     */
    markRead(
      contact: AccountId,
      options?: CallOptions & { readonly upTo?: MessageId },
    ): Promise<void>
    /** How many messages of the contact nobody has looked at. @throws ERR_NOT_FOUND */
    unread(contact: AccountId, options?: CallOptions): Promise<number>
    /**
     * What the contact's devices wrote and is missing here; filled from any of them that is there.
     * @throws ERR_NOT_FOUND
     */
    gaps(contact: AccountId, options?: CallOptions): Promise<readonly MessageGap[]>
  }
  /** The messages of before on this device, and how far back others get them. */
  readonly history: {
    state(options?: CallOptions): Promise<HistoryState>
    /** What two devices compare; `since`: of what was said from then on, ms since 1970 UTC. */
    digest(options?: CallOptions & { readonly since?: number }): Promise<HistoryDigest>
    /**
     * Lets another device of the account have messages from so far back. What it has it keeps.
     * @throws ERR_NOT_FOUND, ERR_DEVICE_SELF, ERR_LINK_TERMS
     */
    allow(device: DeviceId, choice: HistoryChoice, options?: CallOptions): Promise<Device>
  }
  readonly starred: {
    add(message: MessageId, options?: CallOptions): Promise<void>
    remove(message: MessageId, options?: CallOptions): Promise<void>
    list(options?: CallOptions): Promise<readonly Message[]>
  }
  /** Chats as the person arranged them, on every own device. */
  readonly chats: {
    /** Pinned ones first, archived ones last. */
    list(options?: CallOptions): Promise<readonly Chat[]>
    /** @throws ERR_NOT_FOUND */
    get(contact: AccountId, options?: CallOptions): Promise<Chat>
    /** Archives, pins, mutes, or takes it back. @throws ERR_NOT_FOUND */
    edit(contact: AccountId, change: ChatChange, options?: CallOptions): Promise<Chat>
    /** Whether to tell the person of a message now: by mute, archive and quiet hours. */
    shouldNotify(message: Notifiable, options?: CallOptions): Promise<NotifyAnswer>
  }
  /** Labels on chats and messages. */
  readonly labels: {
    list(options?: CallOptions): Promise<readonly Label[]>
    /** A new label, or the one that has this name already. @throws ERR_NAME, ERR_TOO_LARGE */
    create(name: string, options?: CallOptions): Promise<Label>
    /** @throws ERR_NAME, ERR_NOT_FOUND */
    rename(label: string, name: string, options?: CallOptions): Promise<Label>
    /** Takes it off everything. */
    remove(label: string, options?: CallOptions): Promise<void>
    /** @throws ERR_NOT_FOUND */
    put(label: string, on: LabelPlace, options?: CallOptions): Promise<void>
    /** @throws ERR_NOT_FOUND */
    take(label: string, from: LabelPlace, options?: CallOptions): Promise<void>
    on(place: LabelPlace, options?: CallOptions): Promise<readonly Label[]>
    /** What a label stands on. @throws ERR_NOT_FOUND */
    items(label: string, options?: CallOptions): Promise<LabelledItems>
  }
  /** Settings that hold on every own device. */
  readonly settings: {
    list(options?: CallOptions): Promise<readonly Setting[]>
    /** @throws ERR_SETTING */
    get<K extends SettingKey>(key: K, options?: CallOptions): Promise<SettingValues[K]>
    /** `value`: as it is kept, or its text (`off`). @throws ERR_SETTING */
    set<K extends SettingKey>(
      key: K,
      value: string | number | boolean,
      options?: CallOptions,
    ): Promise<Setting<K>>
    /** As it was before anybody set it. @throws ERR_SETTING */
    reset<K extends SettingKey>(key: K, options?: CallOptions): Promise<Setting<K>>
    /** Quiet hours as they are now. */
    quiet(options?: CallOptions): Promise<QuietState>
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
