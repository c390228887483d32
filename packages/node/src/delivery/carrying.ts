import { type AccountId, type ChatId, type DeviceId, directChatId } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import type { Peers } from '../greeting/peers.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { commitStaged } from '../staged.ts'
import type { Entitlement } from './entitlement.ts'
import type { Outbox } from './outbox.ts'
import { createPatience, type Patience } from './patience.ts'
import type { Undelivered, Waiting } from './undelivered.ts'

/** Entries of the outbox of one device; a chain keeps a thousand skipped keys (SES-12, D6). */
const MAX_QUEUED = 512
/** When so few are left, more come. */
const REFILL_BELOW = 256
/** Entries written in one batch. */
const PAGE = 256

/** Puts what waits for the devices that are here into their outboxes, whichever own device wrote it. */
export interface Carrying {
  /**
   * Whether `count` contents that this device writes now may go straight into the outbox of a device: all that it
   * wrote before is there, or has arrived. Asked in the turn in which they are staged.
   */
  isCaughtUp(device: DeviceId, count: number): boolean
  /** Another account may be held now, or no longer; or others are to have what waits for this one. */
  reconsider(account?: AccountId): void
}

/** What carrying needs of the other rooms. */
export interface CarryingParts {
  readonly account: AccountId
  readonly undelivered: Undelivered
  readonly entitlement: Pick<Entitlement, 'lacking' | 'isDone'>
  readonly outbox: Outbox
  readonly peers: Pick<Peers, 'events'>
  /** Accounts to which nothing is sent until a person accepts them (DEL-17). */
  readonly isHeld: (account: AccountId) => boolean
}

/** Carries as long as the device runs (DEL-26). */
export function startCarrying(context: DeviceContext, parts: CarryingParts): Carrying {
  const { store, scheduler, clock, signal } = context
  const { account: own, undelivered, entitlement, outbox, peers, isHeld } = parts
  const present = new Map<DeviceId, Present>()
  const siblings = new Set<DeviceId>()

  peers.events.addEventListener('peer:known', ({ detail }) => meet(detail), { signal })
  peers.events.addEventListener('peer:gone', ({ detail }) => part(detail), { signal })
  undelivered.events.addEventListener('undelivered:added', ({ detail }) => offer(detail), {
    signal,
  })
  outbox.events.addEventListener('outbox:removed', ({ detail }) => refill(detail.recipient), {
    signal,
  })

  const attend = createRounds((device: DeviceId, asked) =>
    retry(context, {
      what: 'carrying',
      attempt: () => fill(device),
      wanted: () => present.has(device),
      asked,
    }),
  )

  function meet({ device, account }: { device: DeviceId; account: AccountId }): void {
    if (account === own) return void siblings.add(device)
    const patience = createPatience({ scheduler, clock }, () => void attend(device))
    const chat = directChatId(own, account)
    present.set(device, { account, chat, ownFrom: 0, othersFrom: 0, isLive: false, patience })
    waitForSiblings(patience)
    void attend(device)
  }

  function part({ device, account }: { device: DeviceId; account: AccountId }): void {
    present.get(device)?.patience.end()
    present.delete(device)
    if (account !== own || !siblings.delete(device) || siblings.size > 0) return
    // Nobody else is here to do it.
    for (const { patience } of present.values()) patience.lose()
  }

  /** A sibling may be handing over the same: usually only one of us should. */
  function waitForSiblings(patience: Patience): void {
    const before = [...siblings].filter((sibling) => sibling < context.device).length
    if (siblings.size > 0) patience.begin(before)
  }

  function offer({ chat, at, author, message }: Waiting): void {
    for (const [device, to] of present) {
      // What was written for a device that is caught up is on its way already.
      if (to.chat !== chat || outbox.has(device, message)) continue
      if (author === context.device) {
        to.ownFrom = Math.min(to.ownFrom, at)
        to.isLive = false
      } else {
        to.othersFrom = Math.min(to.othersFrom, at)
        waitForSiblings(to.patience)
      }
      void attend(device)
    }
  }

  function refill(device: DeviceId): void {
    const to = present.get(device)
    const hasMore = to !== undefined && Math.min(to.ownFrom, to.othersFrom) < NEVER
    if (hasMore && outbox.countFor(device) < REFILL_BELOW) void attend(device)
  }

  /** Fills the outbox of a device up to its limit with what waits for it, oldest first. */
  async function fill(device: DeviceId): Promise<void> {
    const to = present.get(device)
    if (!to || isHeld(to.account)) return
    const before = { own: to.ownFrom, others: to.patience.isWaiting() ? NEVER : to.othersFrom }
    to.ownFrom = NEVER
    if (before.others < NEVER) to.othersFrom = NEVER
    let left: number | undefined = 0
    try {
      left = await queue(device, to, dueSince(to, before))
    } finally {
      if (left !== undefined) {
        to.ownFrom = Math.min(to.ownFrom, Math.max(before.own, left))
        to.othersFrom = Math.min(to.othersFrom, Math.max(before.others, left))
      }
    }
    // In the turn of the last look: whatever is staged from here on finds the device caught up.
    to.isLive = to.ownFrom === NEVER && undelivered.isSettled(to.chat)
  }

  function dueSince({ chat }: Present, from: Since): readonly Waiting[] {
    const first = Math.min(from.own, from.others)
    if (first === NEVER) return []
    return undelivered
      .inOrder(chat, first)
      .filter(({ author, at }) => at >= (author === context.device ? from.own : from.others))
  }

  /** Time of the oldest one for which there was no room; undefined when there was for all. */
  async function queue(
    device: DeviceId,
    to: Present,
    due: readonly Waiting[],
  ): Promise<number | undefined> {
    for (let start = 0; start < due.length && present.get(device) === to; start += PAGE) {
      const page = due.slice(start, start + PAGE)
      const { wanted, done } = await sorted(device, page)
      const room = Math.max(0, MAX_QUEUED - outbox.countFor(device))
      const entries = wanted.slice(0, room).map(({ message }) => ({ recipient: device, message }))
      await commitStaged(store, [...entries.map(outbox.stageAdd), undelivered.stageRemove(done)])
      // By the oldest of all that is left: a clock that went back has dated it before others (E4).
      if (wanted.length > room) return oldest([...wanted.slice(room), ...due.slice(start + PAGE)])
    }
    return undefined
  }

  /** Of some that wait: what this device is to get now, and what all have by now. */
  async function sorted(
    device: DeviceId,
    page: readonly Waiting[],
  ): Promise<{ readonly wanted: readonly Waiting[]; readonly done: readonly Waiting[] }> {
    const wanted: Waiting[] = []
    const done: Waiting[] = []
    for (const one of page) {
      const held = { ...one, reached: await undelivered.reachedBy(one) }
      if (!undelivered.isWaiting(one.message) || outbox.has(device, one.message)) continue
      if (entitlement.isDone(held)) done.push(one)
      else if (entitlement.lacking(held).includes(device)) wanted.push(one)
    }
    return { wanted, done }
  }

  function isCaughtUp(device: DeviceId, count: number): boolean {
    const to = present.get(device)
    if (!to?.isLive || isHeld(to.account)) return false
    // Who takes nothing any more gets no more sealed: the rest waits in the index.
    if (outbox.countFor(device) + count > MAX_QUEUED) to.isLive = false
    return to.isLive
  }

  return {
    isCaughtUp,
    reconsider: (account) => {
      for (const [device, to] of present) {
        if (account !== undefined && account !== to.account) continue
        to.ownFrom = 0
        to.othersFrom = 0
        void attend(device)
      }
    },
  }
}

const NEVER = Number.POSITIVE_INFINITY

function oldest(left: readonly Waiting[]): number {
  return left.reduce((first, { at }) => Math.min(first, at), NEVER)
}

/** Times from which on own contents, and those of siblings, are to be looked at; NEVER: there are none. */
interface Since {
  readonly own: number
  readonly others: number
}

/** A device of a contact that is here. */
interface Present {
  readonly account: AccountId
  readonly chat: ChatId
  /** Everything this device wrote that is older is in the outbox, or has arrived; ms since 1970 UTC. */
  ownFrom: number
  /** The same of what siblings wrote. */
  othersFrom: number
  isLive: boolean
  readonly patience: Patience
}
