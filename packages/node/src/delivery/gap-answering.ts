import type { FrameStream } from '@kithmesh/net'
import {
  type AccountId,
  type DeviceId,
  directChatId,
  KithError,
  type MessageId,
  type Party,
  parseDeviceId,
} from '@kithmesh/protocol'
import { differenceRanges, type Range, type RangeSet, rangesOf } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import { type Chats, MAX_AHEAD_MS } from '../chats.ts'
import type { DeviceContext } from '../context.ts'
import { typedStream } from '../frames.ts'
import { REPAIR } from '../protocols.ts'
import { createRate, type Rate } from '../rate.ts'
import { commitStaged } from '../staged.ts'
import type { NumberedContent } from '../tables.ts'
import type { Dated, Entitlement } from './entitlement.ts'
import type { Outbox } from './outbox.ts'
import {
  type AnsweredNumbers,
  MAX_RUNS,
  repairAnswerCodec,
  repairQuestionCodec,
} from './repair-wire.ts'

/** Contents put into the outbox for one question, and rows looked at: an honest device asks again when they came. */
const MAX_SENT = 256
const MAX_ROWS = 4096
/** What a run costs of that, though nothing is in it: to look is work. */
const ROWS_PER_RUN = 16
/** As many as carrying puts there (DEL-26): a chain keeps a thousand skipped keys (SES-12). */
const MAX_QUEUED = 512
/** Questions of one device at once after a rest, then one in so many seconds. */
const QUESTIONS = { burst: 8, everyMs: 10_000 } as const

/**
 * Answers `/kith/repair/1`: a device of a contact misses some of what this account wrote to it. What is here
 * goes to it by the outbox, sealed for it like everything else (DEL-62).
 */
export function answerGaps(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly chats: Pick<Chats, 'get'>
    readonly logs: Pick<DeviceLogs, 'accountOf'>
    readonly entitlement: Pick<Entitlement, 'isFor'>
    readonly outbox: Pick<Outbox, 'countFor' | 'stageAdd'>
    readonly isContact: (account: AccountId) => boolean
    /** Accounts to which nothing is sent until a person accepts them (DEL-17). */
    readonly isHeld: (account: AccountId) => boolean
  },
): void {
  const { store, tables } = context
  const { account: own, chats, logs, outbox } = parts
  const rates = new Map<string, Rate>()

  context.net.handle(REPAIR, async (stream) => {
    const asker = askerOf(stream)
    if (!rateOf(asker).take()) throw new KithError('ERR_WINDOW', 'too many questions')
    const codecs = { incoming: repairQuestionCodec, outgoing: repairAnswerCodec }
    const typed = typedStream(stream, codecs, context.scheduler)
    const { authors } = await typed.read()
    const room = MAX_QUEUED - outbox.countFor(asker.device)
    const budget = { contents: Math.min(MAX_SENT, room), rows: MAX_ROWS }
    const found: Found[] = []
    for (const author of authors) found.push(await find(asker, author, budget))
    await send(
      asker,
      found.flatMap(({ messages }) => messages),
    )
    await typed.send({ authors: found.map(({ answer }) => answer) })
  })

  /** Strangers create no state and learn nothing (DEL-9); who is held gets nothing (DEL-17). */
  function askerOf(stream: FrameStream): Party {
    const device = parseDeviceId(stream.peer)
    const account = logs.accountOf(device)
    if (!account || account === own || !parts.isContact(account) || parts.isHeld(account)) {
      throw new KithError('ERR_STRANGER', 'nobody to answer')
    }
    return { account, device }
  }

  /** One for each device of a contact; those that went out are few. */
  function rateOf({ device }: Party): Rate {
    const rate = rates.get(device) ?? createRate(QUESTIONS, context.clock)
    rates.set(device, rate)
    return rate
  }

  async function find(
    asker: Party,
    { device, numbers }: { readonly device: DeviceId; readonly numbers: RangeSet },
    budget: Budget,
  ): Promise<Found> {
    const coming = new Map<number, MessageId>()
    const past: number[] = []
    const unsaid: number[] = []
    const looked: Range[] = []
    for (const range of numbers) {
      if (isSpent(budget)) break
      budget.rows -= ROWS_PER_RUN
      let upTo = range.to
      for await (const [number, one] of numbered(asker, device, range, Math.max(1, budget.rows))) {
        budget.rows -= 1
        // Its own account decides what a device gets of the time before it was linked (HIS-6).
        if (!isFor(asker, { at: one.at, author: device, seq: number })) past.push(number)
        // It would be refused: written by a clock that was far ahead, it waits until its time comes (DEL-7).
        else if (one.at > context.clock.now() + MAX_AHEAD_MS) unsaid.push(number)
        else if (await isHere(one)) {
          coming.set(number, one.message)
          budget.contents -= 1
        }
        if (!isSpent(budget)) continue
        upTo = number
        break
      }
      looked.push({ from: range.from, to: upTo })
    }
    const answer = answerOf(device, { coming: [...coming.keys()], past, unsaid, looked })
    return { messages: [...coming.values()], answer }
  }

  function isFor({ account, device }: Party, one: Dated): boolean {
    return parts.entitlement.isFor(account, device, one)
  }

  /** What this account wrote, and nothing that is only said to be: its id is part of the key (DEL-57). */
  async function* numbered(
    asker: Party,
    device: DeviceId,
    { from, to }: Range,
    limit: number,
  ): AsyncIterable<readonly [number, NumberedContent]> {
    const author = [directChatId(own, asker.account), own, device] as const
    const range = { prefix: author, gte: [...author, from], lte: [...author, to], limit } as const
    for await (const [[, , , number], one] of tables.numbers.entries(range)) yield [number, one]
  }

  async function isHere({ message }: NumberedContent): Promise<boolean> {
    return chats.get(message).then(
      (stored) => stored !== undefined,
      () => false,
    )
  }

  async function send(asker: Party, messages: readonly MessageId[]): Promise<void> {
    // Asked again behind the wait: what was kept for a device goes with it (OUT-6).
    if (logs.accountOf(asker.device) !== asker.account) return
    const recipient = asker.device
    await commitStaged(
      store,
      messages.map((message) => outbox.stageAdd({ recipient, message })),
    )
  }
}

interface Budget {
  contents: number
  rows: number
}

function isSpent({ contents, rows }: Budget): boolean {
  return contents <= 0 || rows <= 0
}

interface Found {
  readonly messages: readonly MessageId[]
  readonly answer: AnsweredNumbers
}

/** What was looked for, and is neither sent nor kept back, is not here. */
function answerOf(
  device: DeviceId,
  found: {
    readonly coming: readonly number[]
    readonly past: readonly number[]
    readonly unsaid: readonly number[]
    readonly looked: readonly Range[]
  },
): AnsweredNumbers {
  const here = rangesOf([...found.coming, ...found.past, ...found.unsaid])
  return {
    device,
    coming: rangesOf(found.coming).slice(0, MAX_RUNS),
    past: rangesOf(found.past).slice(0, MAX_RUNS),
    absent: differenceRanges(found.looked, here).slice(0, MAX_RUNS),
  }
}
