/**
 * The account's shared data: contacts, stars, labels, settings of chats, names of devices, invites and
 * settings, as typed views over one Y.Doc. A local edit and one that came from a sibling meet in the same observer
 * and leave by the same event (ACC-1).
 */

import { type Clock, KithError, type Rng } from '@kithmesh/protocol'
import * as Y from 'yjs'
import { createEvents, type TypedEvents } from '../typed-events.ts'
import { type ChatEvents, type ChatsView, openChatSettings } from './chat-settings.ts'
import { type ContactEvents, type ContactsView, openContacts } from './contacts.ts'
import { type DeviceNameEvents, type DeviceNamesView, openDeviceNames } from './device-names.ts'
import { openFieldList } from './field-list.ts'
import { type InviteEvents, type InvitesView, openInvites } from './invites.ts'
import { type LabelEvents, type LabelsView, openLabels } from './labels.ts'
import { type LastMetView, openLastMet } from './last-met.ts'
import { openSettings, type SettingEvents, type SettingsView } from './settings.ts'
import { openStarred, type StarredEvents, type StarredView } from './starred.ts'
import { createUpdateIntake, type UpdateOptions } from './update-intake.ts'
import type { UpdateOutcome } from './update-outcome.ts'
import type { WriterShares } from './writer-shares.ts'

/** `detail` of the events by name; the same for local and remote edits. */
export interface AccountDataEvents
  extends ContactEvents,
    StarredEvents,
    DeviceNameEvents,
    InviteEvents,
    LabelEvents,
    ChatEvents,
    SettingEvents {}

/** How {@link createAccountData} is asked. */
export interface AccountDataOptions {
  /**
   * Yjs client id of this run, from {@link newClientId}. Never used again: a restored backup
   * would repeat clocks.
   */
  readonly clientId?: number
  /** What {@link AccountData.snapshot} gave here before. Never bytes from somewhere else. */
  readonly snapshot?: Uint8Array
  /** Measures how long foreign updates take; without it only their structure is limited. */
  readonly clock?: Pick<Clock, 'monotonic'>
}

/** The shared data of one account on one device. */
export interface AccountData {
  readonly contacts: ContactsView
  readonly starred: StarredView
  readonly devices: DeviceNamesView
  readonly invites: InvitesView
  readonly settings: SettingsView
  readonly labels: LabelsView
  /** Archive, pin, mute and read marks of chats. */
  readonly chats: ChatsView
  readonly lastMet: LastMetView
  readonly events: TypedEvents<AccountDataEvents>
  /** Runs several edits as one update. */
  batch(edits: () => void): void
  /** Called with each local update, for the account log. The result ends it. */
  onUpdate(listener: (update: Uint8Array) => void): () => void
  /** Takes another device's update. Expected failures are outcomes, never exceptions (ACC-8). */
  applyUpdate(update: Uint8Array, options?: UpdateOptions): UpdateOutcome
  /**
   * Drops updates of one source that still wait for others: its device was removed from the
   * account.
   */
  dropHeld(source: string): void
  /** How many updates wait for others. */
  readonly heldCount: number
  /** How many writers each source has brought, and may not bring again after a restart (ACC-30). */
  readonly writerShares: Pick<WriterShares, 'counts' | 'restore'>
  /** Everything, as one update for a sibling (Yjs encoding version 1). */
  encodeState(): Uint8Array
  /** Everything, as small as can be, for this device's own disk (Yjs encoding version 2). */
  snapshot(): Uint8Array
}

/** A client id of Yjs: 32 random bits, fresh for every run of a device. */
export function newClientId(rng: Rng): number {
  return new DataView(rng.bytes(4).buffer).getUint32(0)
}

/**
 * Opens account data: empty, or as a snapshot left it. @throws ERR_MALFORMED for a damaged snapshot
 *
 * @example
 * ```ts
 * const data = createAccountData({ clientId: newClientId(rng) })
 * data.events.addEventListener('contact:changed', ({ detail }) => console.log(detail.name))
 * data.contacts.set(ben, { name: 'Ben', addedAt: clock.now() })
 * ```
 */
export function createAccountData(options: AccountDataOptions = {}): AccountData {
  const doc = openDoc(options)
  const events = createEvents<AccountDataEvents>()
  const fields = openFieldList(doc)
  const contacts = openContacts(fields, events.emit)
  const starred = openStarred(fields, events.emit)
  const devices = openDeviceNames(fields, events.emit)
  const invites = openInvites(fields, events.emit)
  const settings = openSettings(fields, events.emit)
  const labels = openLabels(fields, events.emit)
  const chats = openChatSettings(fields, events.emit)
  const lastMet = openLastMet(fields)
  const intake = createUpdateIntake(doc, fields, options.clock)
  return {
    contacts,
    starred,
    devices,
    invites,
    settings,
    labels,
    chats,
    lastMet,
    events,
    batch: fields.batch,
    onUpdate: (listener) => onLocalUpdate(doc, listener),
    applyUpdate: intake.apply,
    dropHeld: intake.drop,
    get heldCount() {
      return intake.heldCount()
    },
    writerShares: intake.shares,
    encodeState: () => Y.encodeStateAsUpdate(doc),
    snapshot: () => Y.encodeStateAsUpdateV2(doc),
  }
}

function openDoc({ clientId, snapshot }: AccountDataOptions): Y.Doc {
  const doc = new Y.Doc()
  if (clientId !== undefined) doc.clientID = clientId
  if (snapshot === undefined) return doc
  try {
    Y.applyUpdateV2(doc, snapshot)
  } catch (cause) {
    throw new KithError('ERR_MALFORMED', 'a damaged snapshot of account data', { cause })
  }
  return doc
}

function onLocalUpdate(doc: Y.Doc, listener: (update: Uint8Array) => void): () => void {
  const listen = (update: Uint8Array, _origin: unknown, _doc: Y.Doc, { local }: Y.Transaction) => {
    if (local) listener(update)
  }
  doc.on('update', listen)
  return () => doc.off('update', listen)
}
