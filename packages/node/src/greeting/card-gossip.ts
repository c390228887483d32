import {
  type AccountId,
  type DeviceId,
  decoded,
  deviceCardCodec,
  equalBytes,
} from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Cards } from '../cards.ts'
import type { DeviceContext } from '../context.ts'
import { commitStaged, type Staged } from '../staged.ts'
import { type HeldCard, type Hello, MAX_CARDS } from './hello-wire.ts'

/**
 * Cards of devices that are off, from devices that are on: each side of a hello says which card it has of
 * whom, and is given the newer ones (SES-18). A card proves itself; who brings it is of no account.
 */
export interface CardGossip {
  /** What is asked about. Nothing comes that was not: no card is sent to and fro. */
  held(theirs: AccountId): Promise<readonly HeldCard[]>
  /** The newer ones of what `hello` asks about, encoded; and its own, if it is one it did not show. */
  newerThan(device: DeviceId, hello: Hello): Promise<readonly Uint8Array[]>
  /**
   * Keeps those of `shown` that are genuine, newer than what is here, and of a device that is in. Of one
   * device it looks at one card: at most 16 signatures are proved for a contact, and 256 for a sibling.
   */
  take(shown: readonly Uint8Array[], from: AccountId): Promise<void>
}

/** Devices of two accounts: a log has at most 8 in. */
const MAX_FROM_CONTACT = 16

/** How many cards one hello may bring. */
export function maxCardsFrom(theirs: AccountId, own: AccountId): number {
  return theirs === own ? MAX_CARDS : MAX_FROM_CONTACT
}

/** Gossip about the cards of one account and its contacts. */
export function createCardGossip(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'accounts' | 'devicesOf' | 'accountOf'>
    readonly cards: Cards
    readonly isContact: (account: AccountId) => boolean
  },
): CardGossip {
  const { logger, store } = context
  const { account: own, logs, cards, isContact } = parts
  /** Where the next hello to a sibling goes on asking. */
  let asked = 0

  async function held(theirs: AccountId): Promise<readonly HeldCard[]> {
    return Promise.all(
      askedAbout(theirs).map(async (device) => {
        const kept = await cards.kept(device)
        return { device, number: kept?.stands ? kept.number : 0 }
      }),
    )
  }

  /** A contact is asked about two accounts, a sibling about as many as go into one hello, in rotation. */
  function askedAbout(theirs: AccountId): readonly DeviceId[] {
    if (theirs !== own) return [own, theirs].flatMap(othersOf).slice(0, MAX_FROM_CONTACT)
    const ours = othersOf(own)
    const contacts = logs.accounts().filter(isContact).flatMap(othersOf)
    const room = MAX_CARDS - ours.length
    if (contacts.length <= room) return [...ours, ...contacts]
    const from = asked % contacts.length
    asked = from + room
    return [...ours, ...[...contacts.slice(from), ...contacts.slice(0, from)].slice(0, room)]
  }

  function othersOf(account: AccountId): readonly DeviceId[] {
    return logs.devicesOf(account).filter((device) => device !== context.device)
  }

  async function newerThan(device: DeviceId, hello: Hello): Promise<readonly Uint8Array[]> {
    // Of one device once: a list of 9 kB would else be answered with 370 kB.
    const asked = [...new Map(hello.cards.map((one) => [one.device, one.number]))]
    const news = await Promise.all(
      asked
        .slice(0, maxCardsFrom(hello.account, own))
        .filter(([about]) => about !== device && concerns(hello.account, about))
        .map(([about, number]) => standing(about, (kept) => kept > number)),
    )
    const shown = decoded(deviceCardCodec, hello.card)?.number ?? Number.POSITIVE_INFINITY
    const theirOwn = await standing(device, (kept) => kept >= shown)
    const isKnown = !theirOwn || equalBytes(theirOwn, hello.card)
    const found = isKnown ? news : [theirOwn, ...news]
    return found.filter((card) => card !== undefined)
  }

  /** The card here of a device if it stands and its number is wanted. */
  async function standing(
    device: DeviceId,
    isWanted: (number: number) => boolean,
  ): Promise<Uint8Array | undefined> {
    const kept = await cards.kept(device)
    return kept?.stands && isWanted(kept.number) ? kept.bytes : undefined
  }

  /** Whose devices we know is told to nobody: a contact hears of its own account and of ours (A1). */
  function concerns(theirs: AccountId, device: DeviceId): boolean {
    const account = logs.accountOf(device)
    if (!account || device === context.device) return false
    return account === own || account === theirs || (theirs === own && isContact(account))
  }

  async function take(shown: readonly Uint8Array[], from: AccountId): Promise<void> {
    const tried = new Set<DeviceId>()
    const taken: Staged[] = []
    for (const bytes of shown.slice(0, maxCardsFrom(from, own))) {
      const device = decoded(deviceCardCodec, bytes)?.device
      // Proving costs a signature: of one device one card, taken or not.
      if (!device || tried.has(device)) continue
      tried.add(device)
      const staged = await stageShown(bytes, { device, from })
      if (staged) taken.push(staged)
    }
    await commitStaged(store, taken)
  }

  async function stageShown(
    bytes: Uint8Array,
    { device, from }: { readonly device: DeviceId; readonly from: AccountId },
  ): Promise<Staged | undefined> {
    if (device === context.device) await cards.overtake(bytes)
    if (!concerns(from, device)) return undefined
    const staged = await cards.stage(device, bytes)
    if (!staged) logger.debug('a card that another device brought is not taken')
    return staged
  }

  return { held, newerThan, take }
}
