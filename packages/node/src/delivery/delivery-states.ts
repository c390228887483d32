import { type AccountId, type DeviceId, type MessageId, parseDeviceId } from '@kithmesh/protocol'
import type { TypedEvents } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeliveryState, Waiting } from '../api/messages.ts'
import type { Cards } from '../cards.ts'
import type { StoredContent } from '../chats.ts'
import type { Contacts } from '../contacts/contacts.ts'
import type { DeviceContext } from '../context.ts'
import type { Delivery, DeliveryEvents, Progress as Known } from './delivery.ts'
import { type Entitlement, heldBy } from './entitlement.ts'
import type { OnSibling } from './on-sibling.ts'
import type { Sessions } from './sessions.ts'
import type { Undelivered } from './undelivered.ts'
import { waitingReason } from './waiting-reason.ts'

/** How far the messages of this account have come, and what each still waits for (DEL-40). */
export interface DeliveryStates {
  readonly events: Pick<TypedEvents<DeliveryEvents>, 'addEventListener'>
  stateOf(stored: StoredContent, recipient: AccountId): Promise<DeliveryState>
  /** Of many at once, as when history comes; in their order. */
  statesOf(
    stored: readonly StoredContent[],
    recipient: AccountId,
  ): Promise<readonly DeliveryState[]>
}

/** What the states are read from. */
export interface DeliveryStatesParts {
  readonly account: AccountId
  readonly logs: Pick<DeviceLogs, 'events' | 'accountOf'>
  readonly delivery: Delivery
  /** Who is to get a message from us: others do not count as missing (DEL-13). */
  readonly entitlement: Pick<Entitlement, 'lacking'>
  readonly undelivered: Pick<Undelivered, 'events' | 'isWaiting' | 'expiresAt' | 'hasEnded'>
  readonly onSibling: Pick<OnSibling, 'events' | 'has'>
  readonly contacts: Pick<Contacts, 'nameOf' | 'succession'>
  readonly sessions: Pick<Sessions, 'has'>
  readonly cards: Pick<Cards, 'get'>
}

/**
 * Messages whose waiting was told to somebody: they hear of it when devices come and go. The newest, so
 * that a contact whose connection flaps costs the same however much waits.
 */
const MAX_WATCHED = 512

interface Progress {
  readonly reached: number
  readonly of: number
  readonly missing: readonly DeviceId[]
  readonly readAt?: number
}

/** The states as they are told: each change of what they rest on comes as `delivery:changed`. */
export function createDeliveryStates(
  context: DeviceContext,
  parts: DeliveryStatesParts,
): DeliveryStates {
  const { net, signal } = context
  const { logs, delivery, entitlement, undelivered, onSibling, contacts } = parts
  const watched = new Map<MessageId, AccountId>()

  const onPeer = ({ detail }: CustomEvent<{ readonly peer: string }>): void => {
    const account = logs.accountOf(parseDeviceId(detail.peer))
    if (account) lookAgain(account)
  }
  net.addEventListener('peer:connected', onPeer, { signal })
  net.addEventListener('peer:disconnected', onPeer, { signal })
  logs.events.addEventListener(
    'log:changed',
    ({ detail: { account } }) => {
      // Who was a sibling is none any more, or is one now (DEL-41).
      if (account === parts.account) delivery.recount([...watched.keys()])
      else lookAgain(account)
    },
    { signal },
  )
  undelivered.events.addEventListener(
    'undelivered:changed',
    ({ detail: { message } }) => {
      if (watched.has(message)) delivery.recount([message])
    },
    { signal },
  )
  onSibling.events.addEventListener(
    'sibling:took',
    ({ detail: { messages } }) => delivery.recount(messages),
    { signal },
  )

  function lookAgain(account: AccountId): void {
    delivery.recount([...watched].flatMap(([message, to]) => (to === account ? message : [])))
  }

  function watch(message: MessageId, recipient: AccountId): void {
    watched.delete(message)
    watched.set(message, recipient)
    const [oldest] = watched.keys()
    if (watched.size > MAX_WATCHED && oldest) watched.delete(oldest)
  }

  async function stateOf(stored: StoredContent, recipient: AccountId): Promise<DeliveryState> {
    return shownOf(stored, recipient, await delivery.stateOf(stored.message, recipient))
  }

  async function statesOf(
    stored: readonly StoredContent[],
    recipient: AccountId,
  ): Promise<readonly DeliveryState[]> {
    const messages = stored.map(({ message }) => message)
    const known = await delivery.statesOf(messages, recipient)
    return Promise.all(stored.map((one, at) => shownOf(one, recipient, known[at] ?? UNKNOWN)))
  }

  async function shownOf(
    stored: StoredContent,
    recipient: AccountId,
    known: Known,
  ): Promise<DeliveryState> {
    const { message } = stored
    const progress = progressOf(stored, known)
    const { reached, of, readAt } = progress
    const ended = await hasEnded(stored, progress)
    const waiting = await waitingOf(stored, { recipient, progress, ended })
    if (waiting) watch(message, recipient)
    else watched.delete(message)
    return {
      reached,
      of,
      read: readAt !== undefined,
      state: stageOf(stored, { progress, ended }),
      ...(waiting ? { waiting } : {}),
      ...(readAt === undefined ? {} : { readAt }),
    }
  }

  function progressOf(stored: StoredContent, { reached, readAt }: Known): Progress {
    const missing = entitlement.lacking(heldBy(reached, stored))
    const counts = { reached: reached.length, of: reached.length + missing.length, missing }
    return { ...counts, ...(readAt === undefined ? {} : { readAt }) }
  }

  async function hasEnded(stored: StoredContent, { reached, of }: Progress): Promise<boolean> {
    if (of > 0 && reached >= of) return false
    return undelivered.hasEnded(stored)
  }

  function stageOf(
    { message, content }: StoredContent,
    { progress, ended }: { readonly progress: Progress; readonly ended: boolean },
  ): DeliveryState['state'] {
    if (progress.readAt !== undefined) return 'read'
    if (progress.reached > 0) return 'reached'
    if (ended) return 'ended'
    return onSibling.has(message, content.author.device) ? 'sibling' : 'here'
  }

  /** A device that came later, and has the message from its own siblings, is waited for by nobody. */
  async function waitingOf(
    { message, content }: StoredContent,
    known: { readonly recipient: AccountId; readonly progress: Progress; readonly ended: boolean },
  ): Promise<Waiting | undefined> {
    const { recipient, progress, ended } = known
    if (!ended && !undelivered.isWaiting(message)) return undefined
    if (progress.of > 0 && progress.missing.length === 0) return undefined
    const reason = await reasonOf(recipient, { ...progress, ended })
    return ended ? reason : { ...reason, until: undelivered.expiresAt(content) }
  }

  async function reasonOf(
    recipient: AccountId,
    known: Pick<Progress, 'reached' | 'of' | 'missing'> & { readonly ended: boolean },
  ): Promise<Omit<Waiting, 'until'>> {
    const here = new Set<string>(net.connected())
    const connected = known.missing.filter((device) => here.has(device))
    return waitingReason({
      name: contacts.nameOf(recipient),
      of: known.of,
      reached: known.reached,
      connected: connected.length,
      canSeal: await canSealForOne(recipient, connected),
      held: contacts.succession.isHeld(recipient),
      ended: known.ended,
    })
  }

  async function canSealForOne(account: AccountId, devices: readonly DeviceId[]): Promise<boolean> {
    for (const device of devices) {
      if (await parts.sessions.has({ account, device })) return true
      if (await parts.cards.get(device)) return true
    }
    return false
  }

  return { events: delivery.events, stateOf, statesOf }
}

const UNKNOWN: Known = { reached: [] }
