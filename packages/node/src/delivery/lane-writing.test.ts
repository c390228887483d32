import type { FrameStream } from '@kithmesh/net'
import { type MessageId, messageIdFromBytes, type Party } from '@kithmesh/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../test/context.ts'
import { accountNamed, deviceNamed } from '../../test/people.ts'
import type { Scheduler } from '../scheduler.ts'
import type { Reached } from './delivery.ts'
import { createLane, type LaneParts } from './lane.ts'
import { toRecipientCodec, toSenderCodec } from './message-wire.ts'
import type { OutboxEntry } from './outbox.ts'

const RECIPIENT: Party = { account: accountNamed('b'), device: deviceNamed('p') }
const SEALED = Uint8Array.of(1)

const id = (number: number): MessageId => messageIdFromBytes(new Uint8Array(16).fill(number))

/** A lane with sealed entries, to a device that acknowledges when the test says so. Timers run when it says so. */
async function laneOf(count: number) {
  const timers = new Set<{ readonly ms: number; readonly run: () => void }>()
  const scheduler: Scheduler = {
    schedule: (ms, run) => {
      const timer = { ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  const context = await openContext({ scheduler })
  onTestFinished(() => context.store.close())
  const entries = Array.from(
    { length: count },
    (_, at): OutboxEntry => ({
      order: at + 1,
      recipient: RECIPIENT.device,
      message: id(at + 1),
      envelope: SEALED,
    }),
  )
  let sent = 0
  const answers: Uint8Array[] = []
  let wake = (): void => undefined
  let over = false
  const stream = {
    incoming: {
      async *[Symbol.asyncIterator]() {
        while (!over || answers.length > 0) {
          const next = answers.shift()
          if (next) yield next
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      },
    },
    send: async (frame: Uint8Array) => {
      if (toRecipientCodec.decode(frame).kind === 'envelope') sent += 1
    },
    abort: () => {
      over = true
      wake()
    },
  } as unknown as FrameStream
  const writes: (readonly MessageId[])[] = []
  /** Each write waits here to be let go. */
  const disk: (() => void)[] = []
  const parts = {
    account: accountNamed('a'),
    outbox: {
      lastOrder: () => 0,
      isPresent: () => true,
      pageFor: async (_: unknown, after: number) => entries.filter(({ order }) => order > after),
    },
    logs: { accountOf: () => RECIPIENT.account },
    settle: async () => [],
    recordReached: async (reached: readonly Reached[]) => {
      writes.push(reached.map(({ message }) => message))
      await new Promise<void>((resolve) => disk.push(resolve))
    },
  } as unknown as LaneParts
  const lane = createLane(context, parts, { stream, recipient: RECIPIENT })
  const running = lane.run().catch(() => 'over')
  onTestFinished(async () => {
    stream.abort(new Error('the test is over'))
    for (const go of disk.splice(0)) go()
    await running
  })
  await expect.poll(() => sent).toBe(count)
  return {
    writes,
    /** Gathered, and not yet written: that is a timer of less than a second. */
    gathering: () => [...timers].filter(({ ms }) => ms < 1_000).length,
    acknowledge: (number: number) => {
      answers.push(toSenderCodec.encode({ kind: 'ack', ids: [id(number)] }))
      wake()
    },
    passTime: () => {
      for (const timer of [...timers].filter(({ ms }) => ms < 1_000)) {
        timers.delete(timer)
        timer.run()
      }
    },
    letWrite: () => disk.shift()?.(),
  }
}

test('DEL-2 acks that went along with an earlier write are not written again, and later ones are written', async () => {
  const { writes, gathering, acknowledge, passTime, letWrite } = await laneOf(3)
  acknowledge(1)
  await expect.poll(gathering).toBe(1)
  passTime()
  await expect.poll(() => writes).toEqual([[id(1)]])
  // It comes while the first is written, and is written right behind it.
  acknowledge(2)
  await expect.poll(gathering).toBe(1)
  letWrite()
  await expect.poll(() => writes).toEqual([[id(1)], [id(2)]])
  letWrite()
  await new Promise((resolve) => setImmediate(resolve))
  // Its own time is up only now, with nothing left to write.
  passTime()
  acknowledge(3)
  await expect.poll(gathering).toBe(1)
  passTime()
  await expect.poll(() => writes).toEqual([[id(1)], [id(2)], [id(3)]])
})
