import type { AccountId, MessageId } from '@kithmesh/protocol'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { Chats } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { retry } from '../retry.ts'
import { createRounds } from '../rounds.ts'
import { commitStaged, stagedOps } from '../staged.ts'
import type { FanOut } from './fan-out.ts'
import type { Sessions } from './sessions.ts'

/**
 * A fan-out for contacts of whom no device is known here yet, too. A device that was just linked has
 * the contacts at once and their device logs a moment later, or days later when no sibling is there:
 * what is written meanwhile waits on disk and is fanned out when the log has come.
 */
export function startUnaddressed(
  context: DeviceContext,
  parts: {
    readonly logs: DeviceLogs
    readonly chats: Chats
    readonly sessions: Pick<Sessions, 'handedOver'>
    readonly fanOut: FanOut
  },
): FanOut {
  const { store, tables, signal } = context
  const { logs, chats, sessions, fanOut } = parts

  const address = createRounds((account: AccountId, asked) =>
    retry(context, {
      what: 'a late fan-out',
      attempt: () => addressAll(account),
      wanted: () => logs.devicesOf(account).length > 0,
      asked,
    }),
  )
  logs.events.addEventListener('log:changed', ({ detail }) => void address(detail.account), {
    signal,
  })
  for (const account of logs.accounts()) void address(account)

  async function addressAll(account: AccountId): Promise<void> {
    for await (const [[, seq], message] of tables.unaddressed.entries({ prefix: [account] })) {
      await addressOne(account, seq, message)
    }
  }

  async function addressOne(account: AccountId, seq: number, message: MessageId): Promise<void> {
    const stored = await chats.get(message)
    const done = stagedOps(tables.unaddressed.delete([account, seq]))
    if (!stored) return commitStaged(store, [done])
    await chats.alone(stored.content.chat, async () => {
      await Promise.all(logs.devicesOf(account).map(sessions.handedOver))
      await commitStaged(store, [...(await fanOut(account, stored)), done])
    })
  }

  return async (account, stored, devices) => {
    if (logs.devicesOf(account).length > 0) return fanOut(account, stored, devices)
    const waits = tables.unaddressed.put([account, stored.content.seq], stored.message)
    // the log may have come while this was being written
    return [{ ops: () => [waits], publish: () => void address(account) }]
  }
}
