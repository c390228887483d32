import { type AccountId, type DeviceId, directChatId } from '@kithmesh/protocol'
import { createEvents } from '@kithmesh/sync'
import { expect, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import type { DeviceLogEvents } from '../account/device-logs.ts'
import { openChats, type StoredContent } from '../chats.ts'
import { commitStaged } from '../staged.ts'
import type { FanOut } from './fan-out.ts'
import { startLateCopies } from './late-copies.ts'
import { openOutbox } from './outbox.ts'

const [ADA, BEN] = [accountNamed('a'), accountNamed('b')]
const [PHONE, LAPTOP] = [deviceNamed('p'), deviceNamed('l')]
const WAIT = { timeout: 5_000, interval: 5 } as const

/** Ada's device, whose log of Ben a test changes at will. */
async function desk({
  linkedAt = 0,
  earlier = [],
}: {
  readonly linkedAt?: number
  /** Written in an earlier run of the device, which ended before it made the copies for Ben's phone. */
  readonly earlier?: readonly string[]
} = {}): Promise<{
  /** Ben's devices are these from now on. */
  present(...devices: readonly DeviceId[]): void
  /** `devices`: those the sender knew of. */
  write(text: string, devices?: readonly DeviceId[]): Promise<StoredContent>
  /** A device of Ben's has it on disk: its entry goes, as the drain does it. */
  reach(stored: StoredContent, device: DeviceId): Promise<void>
  /** What waits for a device, by text. */
  waiting(device: DeviceId): Promise<readonly string[]>
  /** What waits for a device is dropped, as when it goes out of the account. */
  drop(device: DeviceId): Promise<void>
}> {
  const context = await openContext()
  const { store, tables } = context
  const chats = openChats(context, ADA)
  const outbox = await openOutbox(context)
  const events = createEvents<DeviceLogEvents>()
  const chat = directChatId(ADA, BEN)
  let devices: readonly DeviceId[] = earlier.length > 0 ? [PHONE] : []
  for (const text of earlier) {
    await commitStaged(store, [await chats.stage(await chats.draft(chat, { kind: 'text', text }))])
  }
  const copies: FanOut = async (_, { message }, to = devices) =>
    to.map((recipient) => outbox.stageAdd({ recipient, message }))
  const logs = {
    events,
    accounts: () => [BEN],
    devicesOf: (account: AccountId) => (account === BEN ? devices : []),
    standing: () => ({ addedAt: linkedAt }) as never,
  }
  const stateOf = async (message: StoredContent['message']) => {
    let reached = 0
    for await (const _ of tables.reached.entries({ prefix: [message] })) reached += 1
    return { reached, of: devices.length, read: false }
  }
  const sessions = { handedOver: async () => undefined }
  const delivery = { stateOf }
  const parts = { account: ADA, logs, chats, outbox, delivery, sessions, fanOut: copies }
  const fanOut = startLateCopies(context, parts)
  return {
    present: (...now) => {
      devices = now
      events.emit('log:changed', { account: BEN, state: {} as never })
    },
    write: (text, known) =>
      chats.alone(chat, async () => {
        const stored = await chats.draft(chat, { kind: 'text', text })
        await commitStaged(store, [
          await chats.stage(stored),
          ...(await fanOut(BEN, stored, known)),
        ])
        return stored
      }),
    reach: async ({ message }, device) => {
      const page = await outbox.pageFor(device, 0, 100)
      const entries = page.filter((entry) => entry.message === message)
      await commitStaged(store, [outbox.stageRemove(entries)])
      await store.commit([tables.reached.put([message, device], true)])
    },
    waiting: async (device) => {
      const page = await outbox.pageFor(device, 0, 100)
      const stored = await Promise.all(page.map(({ message }) => chats.get(message)))
      return stored.map((one) => (one?.content.body.kind === 'text' ? one.content.body.text : ''))
    },
    drop: async (device) => {
      await commitStaged(store, [outbox.stageRemove(await outbox.pageFor(device, 0, 100))])
    },
  }
}

test('DEL-18: a device that comes in gets what was written since it was linked, once', async () => {
  const { present, write, reach, waiting } = await desk()
  present(PHONE)
  const one = await write('one')
  await reach(one, PHONE)
  await write('two')
  present(PHONE, LAPTOP)
  await expect.poll(() => waiting(LAPTOP), WAIT).toEqual(['one', 'two'])
  expect(await waiting(PHONE)).toEqual(['two'])
  await write('three')
  present(LAPTOP, PHONE)
  await write('four')
  expect(await waiting(LAPTOP)).toEqual(['one', 'two', 'three', 'four'])
})

test('DEL-18: of older contents it gets what has reached nobody', async () => {
  const { present, write, reach, waiting } = await desk({ linkedAt: Number.MAX_SAFE_INTEGER })
  present(PHONE)
  await reach(await write('arrived'), PHONE)
  await write('never arrived')
  present(PHONE, LAPTOP)
  await expect.poll(() => waiting(LAPTOP), WAIT).toEqual(['never arrived'])
})

test('DEL-18: a device that was out and comes back gets what it lacks', async () => {
  const { present, write, reach, waiting, drop } = await desk()
  present(PHONE, LAPTOP)
  await reach(await write('had'), LAPTOP)
  await write('waited when it left')
  await expect.poll(() => waiting(LAPTOP), WAIT).toEqual(['waited when it left'])
  present(PHONE)
  await drop(LAPTOP)
  await write('while it was out')
  expect(await waiting(LAPTOP)).toEqual([])
  present(PHONE, LAPTOP)
  await expect
    .poll(() => waiting(LAPTOP), WAIT)
    .toEqual(['waited when it left', 'while it was out'])
})

test('DEL-18 A7: who came in while copies were written is not left out', async () => {
  const { present, waiting, write } = await desk()
  present(PHONE, LAPTOP)
  await write('before')
  for (const device of [PHONE, LAPTOP]) {
    await expect.poll(() => waiting(device), WAIT).toEqual(['before'])
  }
  // The list was read, then changed, and is old when the batch is on the disk.
  await write('by the old list', [PHONE])
  await expect.poll(() => waiting(LAPTOP), WAIT).toEqual(['before', 'by the old list'])
  expect(await waiting(PHONE)).toEqual(['before', 'by the old list'])
})

test('DEL-18: copies that a stop prevented are made at the next start', async () => {
  const { waiting } = await desk({ earlier: ['one', 'two'] })
  await expect.poll(() => waiting(PHONE), WAIT).toEqual(['one', 'two'])
})
