import { messageIdFromBytes } from '@kithmesh/protocol'
import { expect, test } from 'vitest'
import { createTime, type Time } from '../../../../test/scenarios/time.ts'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import { commitStaged } from '../staged.ts'
import { type Outbox, type OutboxEntry, openOutbox } from './outbox.ts'
import { createRefusals, type Refusals } from './refusals.ts'

const HOUR = 60 * 60 * 1000
const BEN = { account: accountNamed('b'), device: deviceNamed('p') }
const ENVELOPE = Uint8Array.of(1)

interface Stream {
  readonly time: Time
  readonly outbox: Outbox
  readonly refusals: Refusals
  /** How often the stream was ended to try again. */
  readonly retried: () => number
  /** Ben's device gave its word. */
  give(): void
  /** The envelope of an entry as it stands on the disk. */
  onDisk(entry: OutboxEntry): Promise<Uint8Array | undefined>
  /** An entry that is on the disk with its envelope. */
  sent(number: number): Promise<OutboxEntry>
  refuse(entry: OutboxEntry, reason: string): Promise<readonly OutboxEntry[]>
}

async function stream(): Promise<Stream> {
  const time = createTime()
  const context = await openContext(time)
  const outbox = await openOutbox(context)
  let retried = 0
  let isBroken = false
  const mending = { hear: async () => false, isBroken: () => isBroken }
  const retry = (): void => void retried++
  const refusals = createRefusals(context, { outbox, mending }, { recipient: BEN, retry })
  const sent = async (number: number): Promise<OutboxEntry> => {
    const message = messageIdFromBytes(new Uint8Array(16).fill(number))
    const waits = outbox.stageAdd({ recipient: BEN.device, message, envelope: ENVELOPE })
    await commitStaged(context.store, [waits])
    const [entry] = (await outbox.pageFor(BEN.device, 0, 100)).slice(-1)
    if (!entry) throw new Error('it is there')
    return entry
  }
  return {
    time,
    outbox,
    refusals,
    retried: () => retried,
    give: () => {
      isBroken = true
    },
    onDisk: async ({ recipient, order }) =>
      (await context.tables.outbox.get([recipient, order]))?.envelope,
    sent,
    refuse: (entry, reason) =>
      refusals.take(
        { kind: 'refuse', id: entry.message, reason },
        { entry, envelope: entry.envelope ?? ENVELOPE },
      ),
  }
}

test('DEL-10 DEL-7 a refused content is unsealed, so that the next stream seals it anew and costs no session', async () => {
  const { outbox, sent, refuse, retried, time } = await stream()
  const [clock, other] = [await sent(1), await sent(2)]
  expect(await refuse(clock, 'content-clock')).toEqual([])
  expect(await refuse(other, 'not-for-me')).toEqual([])
  const waiting = await outbox.pageFor(BEN.device, 0, 100)
  expect(waiting.map(({ envelope }) => envelope !== undefined)).toEqual([false, true])
  time.leap(HOUR)
  expect(retried()).toBe(1)
})

test('DEL-10 OUT-6 what was removed meanwhile does not come back by its refusal', async () => {
  const { outbox, sent, refuse, onDisk } = await stream()
  const entry = await sent(1)
  const [removed, refused] = [outbox.stageRemove([entry]), refuse]
  removed.ops()
  await refused(entry, 'content-clock')
  // The same entry, whose removal is on its way to the disk: it is not written again behind it.
  expect(await onDisk(entry)).toEqual(ENVELOPE)
  expect(await outbox.pageFor(BEN.device, 0, 1)).toEqual([])
})

test('SES-28 B4 what could not be opened is given back by the word, once and without its envelope', async () => {
  const { sent, refuse, give } = await stream()
  const [one, two, three] = [await sent(1), await sent(2), await sent(3)]
  expect(await refuse(one, 'cannot-open')).toEqual([])
  expect(await refuse(two, 'cannot-open')).toEqual([])
  give()
  const again = await refuse(three, 'cannot-open')
  expect(again.map(({ message }) => message)).toEqual([one, two, three].map((it) => it.message))
  // A contact that refuses everything does not have the whole outbox held in memory.
  expect(again.filter((entry) => 'envelope' in entry)).toEqual([])
  expect(await refuse(one, 'cannot-open')).toEqual([])
})

test('DEL-21 a stream is ended an hour after a refusal, unless all that was refused has arrived', async () => {
  const { refusals, sent, refuse, retried, time } = await stream()
  const [one, two] = [await sent(1), await sent(2)]
  await refuse(one, 'cannot-open')
  await refuse(two, 'cannot-open')
  refusals.landed([one.message])
  time.leap(HOUR)
  expect(retried()).toBe(1)
  await refuse(two, 'cannot-open')
  refusals.landed([two.message])
  time.leap(2 * HOUR)
  expect(retried()).toBe(1)
})
