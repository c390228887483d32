import { type AccountId, type DeviceId, directChatId, type MessageId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Chats, StoredContent } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { commitStaged, type Staged, stagedOps } from '../staged.ts'
import type { Delivery } from './delivery.ts'
import type { FanOut } from './fan-out.ts'
import type { Outbox } from './outbox.ts'
import type { Sessions } from './sessions.ts'

/** Newest contents of a chat that are looked at for one device; older ones come by its own siblings. */
const MAX_LOOKED_AT = 512
/** Entries of the outbox read at once. */
const PAGE = 256

/**
 * A fan-out that remembers whom it did not know. When a device comes into a contact's log, it gets what
 * this device wrote to the contact since it was linked there, and what has reached none of the contact's
 * devices: the list we sent by was old (DEL-18, A7). All else it has from its own siblings.
 */
export function startLateCopies(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'events' | 'accounts' | 'devicesOf' | 'standing'>
    readonly chats: Chats
    readonly outbox: Outbox
    readonly delivery: Pick<Delivery, 'stateOf'>
    readonly sessions: Pick<Sessions, 'handedOver'>
    readonly fanOut: FanOut
  },
): FanOut {
  const { store, tables, signal } = context
  const { account: own, logs, chats, outbox, delivery, sessions, fanOut } = parts

  const addressNew = createRounds((account: AccountId, asked) =>
    retry(context, {
      what: 'late copies',
      attempt: () => addressAll(account),
      wanted: () => account !== own,
      asked,
    }),
  )
  logs.events.addEventListener('log:changed', ({ detail }) => void addressNew(detail.account), {
    signal,
  })
  void addressOnStart()

  /** One look at what was done before; of thousands of contacts few have changed since. */
  async function addressOnStart(): Promise<void> {
    try {
      const done = new Map<AccountId, Set<DeviceId>>()
      for await (const [[account, device]] of tables.addressed.entries()) {
        done.set(account, (done.get(account) ?? new Set()).add(device))
      }
      for (const account of logs.accounts()) {
        if (!isSame(done.get(account) ?? new Set(), logs.devicesOf(account))) {
          void addressNew(account)
        }
      }
    } catch {
      if (!signal.aborted) context.logger.warn('late copies are not looked at yet')
    }
  }

  async function addressAll(account: AccountId): Promise<void> {
    await forgetGone(account)
    for (const device of logs.devicesOf(account)) {
      if (await tables.addressed.get([account, device])) continue
      await copyTo(account, device)
      await store.commit([tables.addressed.put([account, device], true)])
    }
  }

  /** Who leaves and comes back was not written to meanwhile: it is new again. */
  async function forgetGone(account: AccountId): Promise<void> {
    const present = new Set(logs.devicesOf(account))
    for await (const [[, device]] of tables.addressed.entries({ prefix: [account] })) {
      if (!present.has(device)) await store.commit([tables.addressed.delete([account, device])])
    }
  }

  async function copyTo(account: AccountId, device: DeviceId): Promise<void> {
    const chat = directChatId(own, account)
    await chats.alone(chat, async () => {
      const waiting = await waitingFor(device)
      const newest = await chats.list(chat, { limit: MAX_LOOKED_AT, signal })
      for (const stored of newest) {
        if (waiting.has(stored.message) || !(await isMissing(stored, account, device))) continue
        await sessions.handedOver(device)
        await commitStaged(store, await fanOut(account, stored, [device]))
      }
    })
  }

  async function isMissing(
    { message, content }: StoredContent,
    account: AccountId,
    device: DeviceId,
  ): Promise<boolean> {
    if (content.author.device !== context.device) return false
    if (await tables.reached.get([message, device])) return false
    // What waits for the log to come goes to every device then.
    if (await tables.unaddressed.get([account, content.seq])) return false
    const linkedAt = logs.standing(account, device)?.addedAt ?? 0
    return content.at >= linkedAt || (await delivery.stateOf(message, account)).reached === 0
  }

  async function waitingFor(device: DeviceId): Promise<ReadonlySet<MessageId>> {
    const waiting = new Set<MessageId>()
    let after = 0
    for (let page = await outbox.pageFor(device, after, PAGE); page.length > 0; ) {
      for (const { message, order } of page) {
        waiting.add(message)
        after = order
      }
      page = page.length < PAGE ? [] : await outbox.pageFor(device, after, PAGE)
    }
    return waiting
  }

  return async (account, stored, devices = logs.devicesOf(account)) => [
    ...(await fanOut(account, stored, devices)),
    comparedWhenWritten(account, devices),
  ]

  /** The log may have changed while the copies were written: whoever came in meanwhile gets one, too. */
  function comparedWhenWritten(account: AccountId, devices: readonly DeviceId[]): Staged {
    const missed = (): readonly DeviceId[] =>
      logs.devicesOf(account).filter((device) => !devices.includes(device))
    return {
      ...stagedOps(),
      publish: () => {
        if (missed().length > 0) void lookAgain(account, missed())
      },
    }
  }

  async function lookAgain(account: AccountId, devices: readonly DeviceId[]): Promise<void> {
    try {
      await store.commit(devices.map((device) => tables.addressed.delete([account, device])))
      await addressNew(account)
    } catch {
      context.logger.warn('late copies are not written yet')
    }
  }
}

function isSame(done: ReadonlySet<DeviceId>, devices: readonly DeviceId[]): boolean {
  return done.size === devices.length && devices.every((device) => done.has(device))
}
