import { type AccountId, contentCodec, type DeviceId, directChatId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { commitStaged } from '../staged.ts'
import type { Carrying } from './carrying.ts'
import type { Delivery } from './delivery.ts'
import type { Entitlement } from './entitlement.ts'
import { UNDELIVERED_LIFE_MS, type Undelivered, type Waiting } from './undelivered.ts'

/** Ends written in one batch. */
const PAGE = 256

/**
 * Follows the device logs of contacts. When a device comes in, what this account wrote since it was linked
 * waits for it, too: the list we had was old (DEL-18, A7). When one goes out, what only it lacked waits no
 * longer.
 */
export function startNewcomers(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'events' | 'accounts' | 'devicesOf' | 'standing'>
    readonly entitlement: Entitlement
    readonly undelivered: Undelivered
    readonly delivery: Pick<Delivery, 'recount'>
    readonly carrying: Pick<Carrying, 'reconsider'>
  },
): void {
  const { store, tables, clock, signal } = context
  const { account: own, logs, entitlement, undelivered, delivery, carrying } = parts

  const follow = createRounds((account: AccountId, asked) =>
    retry(context, {
      what: 'following a device log',
      attempt: () => compare(account),
      wanted: () => account !== own,
      asked,
    }),
  )
  logs.events.addEventListener('log:changed', ({ detail }) => void follow(detail.account), {
    signal,
  })
  // Of thousands of contacts few have changed since this device stopped.
  for (const account of logs.accounts()) if (hasChanged(account)) void follow(account)

  function hasChanged(account: AccountId): boolean {
    const devices = logs.devicesOf(account)
    const isSame = entitlement.seen(account).length === devices.length
    return !isSame || devices.some((device) => !entitlement.isSeen(device))
  }

  async function compare(account: AccountId): Promise<void> {
    const devices = logs.devicesOf(account)
    const gone = entitlement.seen(account).filter((device) => !devices.includes(device))
    const fresh = devices.filter((device) => !entitlement.isSeen(device))
    // Who leaves and comes back was not written to meanwhile: it is new again.
    const forgotten = gone.map((device) => entitlement.stageForget(account, device))
    if (forgotten.length > 0) await commitStaged(store, forgotten)
    if (fresh.length > 0) await address(account, fresh)
    await tidy(account)
    carrying.reconsider(account)
  }

  /** One look for all of them. The marks come last: what a stop prevented is done at the next start. */
  async function address(account: AccountId, devices: readonly DeviceId[]): Promise<void> {
    const linkedAt = devices.map((device) => logs.standing(account, device)?.addedAt ?? 0)
    // From when they count as recipients here, and no later: what they are said to lack is to go to them (DEL-18).
    const since = Math.min(clock.now(), ...linkedAt)
    const from = Math.max(since, clock.now() - UNDELIVERED_LIFE_MS)
    const range = { prefix: [directChatId(own, account)], reverse: true } as const
    for await (const [[, place, message], bytes] of tables.contents.entries(range, { signal })) {
      // A content never stands before its time (DEL-55).
      if (place < from) break
      const stored = { message, content: contentCodec.decode(bytes), bytes }
      await commitStaged(store, await undelivered.stageArrived([stored]))
    }
    await commitStaged(
      store,
      devices.map((device) => entitlement.stageSeen(account, device)),
    )
  }

  async function tidy(account: AccountId): Promise<void> {
    const waiting = undelivered.inOrder(directChatId(own, account))
    for (let start = 0; start < waiting.length; start += PAGE) {
      const done: Waiting[] = []
      for (const one of waiting.slice(start, start + PAGE)) {
        const reached = await undelivered.reachedBy(one)
        if (entitlement.isDone({ ...one, reached })) done.push(one)
      }
      if (done.length > 0) await commitStaged(store, [undelivered.stageRemove(done)])
    }
    // Who has them is counted among others than before (DEL-13).
    delivery.recount(waiting.map(({ message }) => message))
  }
}
