import { createSecurityQr, type DeviceId, type LogMark } from '@kithmesh/protocol'
import { createAccountData, createEvents } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { writeNewAccount } from '../account/account.ts'
import { openDeviceLogs } from '../account/device-logs.ts'
import type { PeerEvents } from '../greeting/peers.ts'
import { startLogComparison } from './log-comparison.ts'

/** A device whose own log stands for both accounts of a code; what matters is what the code says of it. */
async function scanning(): Promise<{
  readonly here: LogMark
  readonly greeted: DeviceId[]
  scan(log: LogMark): void
  /** A hello with a device of the contact ended well. */
  hello(): void
  alert(): number | undefined
}> {
  const context = await openContext()
  const account = await writeNewAccount(context)
  const logs = await openDeviceLogs(context)
  const data = createAccountData()
  data.contacts.set(account, { name: 'Ben', addedAt: 1 })
  const events = createEvents<PeerEvents>()
  const greeted: DeviceId[] = []
  const comparison = startLogComparison(context, {
    account,
    logs,
    state: { data, edit: async (change) => data.batch(change) },
    peers: { events, greet: (device) => void greeted.push(device) },
  })
  const log = logs.get(account)
  const here = { head: log?.head ?? new Uint8Array(), size: log?.entries.length ?? 0 }
  const fingerprint = new Uint8Array(32)
  return {
    here,
    greeted,
    scan: (mark) => {
      const side = { fingerprint, log: mark }
      comparison.watch(account, createSecurityQr({ own: side, theirs: { ...side, log: here } }))
    },
    hello: () => events.emit('peer:greeted', { device: context.device, account }),
    alert: () => data.contacts.get(account)?.logAlertAt,
  }
}

const other = new Uint8Array(32).fill(1)

test('ID-14: scanning starts an exchange, and one hello alone proves nothing', async () => {
  const { here, scan, hello, alert, greeted } = await scanning()
  scan({ head: other, size: here.size + 1 })
  expect(greeted).toHaveLength(1)
  hello()
  await expect.poll(() => greeted.length).toBe(2)
  expect(alert()).toBeUndefined()
  hello()
  await expect.poll(alert).toBeTypeOf('number')
})

test('ID-14: as many entries as there, but others, is an alert, too', async () => {
  const { here, scan, hello, alert, greeted } = await scanning()
  scan({ head: other, size: here.size })
  hello()
  await expect.poll(() => greeted.length).toBe(2)
  hello()
  await expect.poll(alert).toBeTypeOf('number')
})

test('ID-14: what is longer here than on their screen, or the same, is no alert however often we meet', async () => {
  for (const shorter of [true, false]) {
    const { here, scan, hello, alert, greeted } = await scanning()
    scan(shorter ? { head: other, size: here.size - 1 } : here)
    for (let count = 0; count < 5; count++) {
      hello()
      await new Promise(setImmediate)
    }
    expect(alert()).toBeUndefined()
    expect(greeted).toHaveLength(1)
  }
})
