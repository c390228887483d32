import type { AccountId, DeviceId, Party } from '@kithmesh/protocol'
import { differenceRanges, type RangeSet, unionRanges } from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { codeOf, toError } from '../faults.ts'
import { typedStream } from '../frames.ts'
import type { Peers } from '../greeting/peers.ts'
import { REPAIR } from '../protocols.ts'
import { createRounds } from '../rounds.ts'
import { pause } from '../scheduler.ts'
import { lowestOf } from './author-numbers.ts'
import type { AuthorAnswer, Gaps, OpenOf } from './gaps.ts'
import {
  type AnsweredNumbers,
  MAX_AUTHORS,
  MAX_RUNS,
  type RepairQuestion,
  repairAnswerCodec,
  repairQuestionCodec,
} from './repair-wire.ts'

/** What a lane or a sibling is just bringing needs no question. */
const FIRST_WAIT_MS = 2_000
/** What was said to be coming, and did not come, is asked for again, then after twice the time, and so on. */
const COMING_WAIT_MS = 60_000
/** What nobody connected has may come back from a backup; a device that comes is asked at once. */
const IDLE_WAIT_MS = 60 * 60 * 1000
/** Numbers asked for at once, so that one author who jumps far ahead leaves room for the others. */
const MAX_NUMBERS = 1 << 20

/**
 * Asks for what is missing (`/kith/repair/1`): the connected devices of the account that wrote it, one after
 * another, the author first. What one has comes by its outbox and our inbox like every content (DEL-61).
 */
export function askForGaps(
  context: DeviceContext,
  parts: {
    readonly gaps: Gaps
    readonly logs: Pick<DeviceLogs, 'devicesOf'>
    readonly peers: Pick<Peers, 'events' | 'accountOf'>
    readonly isContact: (account: AccountId) => boolean
    readonly isHeld: (account: AccountId) => boolean
  },
): void {
  const { net, scheduler, signal, logger } = context
  const { gaps, logs, peers } = parts
  /** Who has said of which numbers that it does not have them: all have to, before it is final. */
  const absent = new Map<string, RangeSet>()

  gaps.events.addEventListener('numbers:open', ({ detail }) => void fill(detail.contact), {
    signal,
  })
  peers.events.addEventListener('peer:known', ({ detail }) => void fill(detail.account), { signal })

  const fill = createRounds(async (contact: AccountId, asked) => {
    const ends = AbortSignal.any([signal, asked])
    for (let patience = COMING_WAIT_MS; !ends.aborted; patience *= 2) {
      // Waited out however often it is asked for: no question in a circle.
      await pause(scheduler, FIRST_WAIT_MS, { signal })
      if (signal.aborted) return
      const outcome = await askOnce(contact)
      if (outcome === 'nobody-to-ask') return
      const wait = outcome === 'absent' ? IDLE_WAIT_MS : Math.min(patience, IDLE_WAIT_MS)
      await pause(scheduler, wait, { signal: ends })
    }
  })

  async function askOnce(contact: AccountId): Promise<'absent' | 'awaited' | 'nobody-to-ask'> {
    try {
      const open =
        parts.isContact(contact) && !parts.isHeld(contact) ? await gaps.openOf(contact) : []
      const devices = connected(contact)
      if (open.length === 0 || devices.length === 0) return 'nobody-to-ask'
      const answers = await askAll(contact, devices, open.slice(0, MAX_AUTHORS))
      await gaps.answered(contact, answers)
      const isAbsent = open.every((one) => isSaidAbsent(one, devices))
      return isAbsent ? 'absent' : 'awaited'
    } catch (error) {
      if (!signal.aborted) logger.warn('gaps are not asked for yet', { code: codeOf(error) })
      return 'awaited'
    }
  }

  /** Nothing is on its way, and nothing was left unanswered. */
  function isSaidAbsent({ author, open }: OpenOf, by: readonly DeviceId[]): boolean {
    const said = by.map((device) => absent.get(keyOf(author, device)) ?? [])
    return differenceRanges(open, said.reduce(unionRanges, [])).length === 0
  }

  function connected(contact: AccountId): readonly DeviceId[] {
    return logs.devicesOf(contact).filter((device) => peers.accountOf(device) === contact)
  }

  async function askAll(
    contact: AccountId,
    devices: readonly DeviceId[],
    open: readonly OpenOf[],
  ): Promise<readonly AuthorAnswer[]> {
    let answers = open.map(unanswered)
    const authors = new Set(open.map(({ author }) => author.device))
    const authorsFirst = [...devices].sort(
      (a, b) => Number(authors.has(b)) - Number(authors.has(a)),
    )
    for (const device of authorsFirst) {
      const asked = open
        .map((one, at) => restOf(one, answers[at]))
        .filter(({ numbers }) => numbers.length > 0)
      if (asked.length === 0) break
      const said = await ask({ account: contact, device }, { authors: asked })
      answers = open.map((one, at) => takenIn(one, answers[at] ?? unanswered(one), said, device))
    }
    return answers.map((answer, at) => ({
      ...answer,
      gone: finalOf(contact, { one: open[at], answer, connected: devices }),
    }))
  }

  /** A device that cannot be asked says nothing: as one of a version that knows no such question. */
  async function ask(
    { device }: Party,
    question: RepairQuestion,
  ): Promise<readonly AnsweredNumbers[]> {
    try {
      const stream = await net.open(device, REPAIR, { signal })
      try {
        const codecs = { incoming: repairAnswerCodec, outgoing: repairQuestionCodec }
        const typed = typedStream(stream, codecs, scheduler)
        await typed.send(question)
        const { authors } = await typed.read()
        await stream.close({ signal })
        return authors
      } catch (error) {
        stream.abort(toError(error))
        throw error
      }
    } catch (error) {
      logger.debug('a device was not asked for a gap', { code: codeOf(error) })
      return []
    }
  }

  /** Only of what it was asked; whatever else it says, it decides nothing. */
  function takenIn(
    { author, open }: OpenOf,
    before: AuthorAnswer,
    said: readonly AnsweredNumbers[],
    by: DeviceId,
  ): AuthorAnswer {
    const of = said.find(({ device }) => device === author.device)
    if (!of) return before
    const within = (ranges: RangeSet): RangeSet =>
      differenceRanges(open, differenceRanges(open, ranges))
    const key = keyOf(author, by)
    const isAbsent = unionRanges(absent.get(key) ?? [], within(of.absent))
    absent.set(key, differenceRanges(isAbsent, unionRanges(of.coming, of.past)))
    return {
      ...before,
      coming: unionRanges(before.coming, within(of.coming)),
      past: unionRanges(before.past, within(of.past)),
    }
  }

  /**
   * Final is what the author itself does not have, and no device that is connected, and what no device of its
   * account has. Who gave no answer, as one that has no room for more now, has not said so (DEL-63).
   */
  function finalOf(
    contact: AccountId,
    {
      one,
      answer,
      connected,
    }: {
      readonly one: OpenOf | undefined
      readonly answer: AuthorAnswer
      readonly connected: readonly DeviceId[]
    },
  ): RangeSet {
    if (!one) return []
    const { author, open } = one
    const lackedBy = (devices: readonly DeviceId[]): RangeSet =>
      devices.reduce(
        (left, device) => intersect(left, absent.get(keyOf(author, device)) ?? []),
        open,
      )
    const byAll = lackedBy(logs.devicesOf(contact))
    const byAuthor = lackedBy([author.device, ...connected])
    return differenceRanges(unionRanges(byAll, byAuthor), unionRanges(answer.coming, answer.past))
  }
}

function unanswered({ author }: OpenOf): AuthorAnswer {
  return { author, coming: [], past: [], gone: [] }
}

/** What is still to be asked of the next device. */
function restOf(
  { author, open }: OpenOf,
  answer: AuthorAnswer | undefined,
): RepairQuestion['authors'][number] {
  const answered = unionRanges(answer?.coming ?? [], answer?.past ?? [])
  const rest = differenceRanges(open, answered)
  return {
    device: author.device,
    numbers: lowestOf(rest, { limit: MAX_RUNS, numbers: MAX_NUMBERS }),
  }
}

function intersect(a: RangeSet, b: RangeSet): RangeSet {
  return differenceRanges(a, differenceRanges(a, b))
}

function keyOf(
  { chat, device }: { readonly chat: string; readonly device: DeviceId },
  by: DeviceId,
): string {
  return `${chat} ${device} ${by}`
}
