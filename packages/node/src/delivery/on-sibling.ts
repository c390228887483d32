import type { AccountId, DeviceId, MessageId } from '@kithmesh/protocol'
import {
  countRanges,
  createEvents,
  differenceRanges,
  type Exchanges,
  includesNumber,
  type RangeSet,
  type TypedEvents,
  unionRanges,
} from '@kithmesh/sync'
import type { DeviceLogs } from '../account/device-logs.ts'
import type { DeviceContext } from '../context.ts'
import { type Staged, stagedOps } from '../staged.ts'
import type { Op } from '../store/store-types.ts'

/** `detail` by event name. */
export interface OnSiblingEvents {
  /** A sibling has these now, and none had them before. */
  'sibling:took': { readonly messages: readonly MessageId[] }
}

/**
 * Which messages stand on more than one device of this account. A sibling says what it holds of our lane
 * of the account log; that it said so is written down, so that a restart does not forget it (DEL-41).
 */
export interface OnSibling {
  readonly events: TypedEvents<OnSiblingEvents>
  /** Whether a device other than this one, and still in the account, is known to have it. */
  has(message: MessageId, author: DeviceId): boolean
  /** Part of the batch in which this device writes a message. */
  stageWritten(message: MessageId): Staged
  /** They have reached somebody: nobody asks any more where else they are. */
  stageForget(messages: readonly MessageId[]): Staged
  /** Writes what was heard and is not on the disk yet. */
  close(): Promise<void>
}

/** Ranges kept of one sibling: nearly always one; of more the newest. */
export const MAX_HELD_RANGES = 64
/** A sibling tells of each record it takes in: what it told within this time is written at once. */
const SAVE_WAIT_MS = 250

/** Opens what siblings have said. */
export async function openOnSibling(
  context: DeviceContext,
  parts: {
    readonly account: AccountId
    readonly logs: Pick<DeviceLogs, 'accountOf'>
    readonly exchanges: Pick<Exchanges, 'events'>
    /** Whether some device of its recipient still has to get a message. */
    readonly isWaiting: (message: MessageId) => boolean
  },
): Promise<OnSibling> {
  const { tables, store, scheduler, signal } = context
  const events = createEvents<OnSiblingEvents>()
  const isIn = (device: DeviceId): boolean => parts.logs.accountOf(device) === parts.account
  const places = await openPlaces(context, parts)
  const holdings = new Map<DeviceId, RangeSet>()
  for await (const [sibling, ranges] of tables.siblingHoldings.entries()) {
    holdings.set(sibling, ranges)
  }
  const unsaved = new Set<DeviceId>()
  let cancelSave: (() => void) | undefined

  parts.exchanges.events.addEventListener(
    'sibling:holds',
    ({ detail: { device, lane, ranges } }) => {
      if (lane === 'messages') hear(device, ranges)
    },
    { signal },
  )

  function hear(sibling: DeviceId, ranges: RangeSet): void {
    const before = holdings.get(sibling) ?? []
    const fresh = differenceRanges(ranges, before)
    if (fresh.length === 0) return
    const messages = places.messagesIn(fresh).filter((message) => !has(message, context.device))
    holdings.set(sibling, unionRanges(before, ranges).slice(-MAX_HELD_RANGES))
    unsaved.add(sibling)
    cancelSave ??= scheduler.schedule(SAVE_WAIT_MS, () => void save())
    if (messages.length > 0) events.emit('sibling:took', { messages })
  }

  async function save(): Promise<void> {
    cancelSave?.()
    cancelSave = undefined
    const heard = [...unsaved].map((sibling) =>
      tables.siblingHoldings.put(sibling, holdings.get(sibling) ?? []),
    )
    unsaved.clear()
    try {
      if (heard.length > 0) await store.commit(heard)
    } catch {
      // A sibling says it again when it is met.
      context.logger.warn('what a sibling holds is not written down')
    }
  }

  function has(message: MessageId, author: DeviceId): boolean {
    // What this device did not write has come from its author.
    if (author !== context.device) return isIn(author)
    const place = places.of(message)
    if (place === undefined) return false
    return [...holdings].some(([sibling, ranges]) => isIn(sibling) && includesNumber(ranges, place))
  }

  return { events, has, stageWritten: places.stage, stageForget: places.stageForget, close: save }
}

/** Where the messages stand that have reached nobody yet, by number in this device's own lane. */
interface Places {
  of(message: MessageId): number | undefined
  messagesIn(ranges: RangeSet): readonly MessageId[]
  stage(message: MessageId): Staged
  stageForget(messages: readonly MessageId[]): Staged
}

async function openPlaces(
  { tables, store }: DeviceContext,
  { isWaiting }: { readonly isWaiting: (message: MessageId) => boolean },
): Promise<Places> {
  const places = new Map<MessageId, number>()
  const messagesAt = new Map<number, readonly MessageId[]>()
  const old: Op[] = []
  for await (const [message, place] of tables.ownPlaces.entries()) {
    if (isWaiting(message)) note(message, place)
    else old.push(tables.ownPlaces.delete(message))
  }
  if (old.length > 0) await store.commit(old)

  function note(message: MessageId, place: number): void {
    places.set(message, place)
    messagesAt.set(place, [...(messagesAt.get(place) ?? []), message])
  }

  function forget(message: MessageId): void {
    const place = places.get(message)
    if (place === undefined) return
    places.delete(message)
    const others = (messagesAt.get(place) ?? []).filter((other) => other !== message)
    if (others.length > 0) messagesAt.set(place, others)
    else messagesAt.delete(place)
  }

  function messagesIn(ranges: RangeSet): readonly MessageId[] {
    // At a meeting the ranges are long, live they are one number: the shorter list is walked.
    const numbers =
      countRanges(ranges) > messagesAt.size
        ? [...messagesAt.keys()].filter((number) => includesNumber(ranges, number))
        : ranges.flatMap(({ from, to }) =>
            Array.from({ length: to - from + 1 }, (_, at) => from + at),
          )
    return numbers.flatMap((number) => messagesAt.get(number) ?? [])
  }

  function stage(message: MessageId): Staged {
    let place: number | undefined
    return {
      ops: (at): readonly Op[] => {
        place = at?.seq
        return place === undefined ? [] : [tables.ownPlaces.put(message, place)]
      },
      publish: () => {
        if (place !== undefined) note(message, place)
      },
    }
  }

  function stageForget(messages: readonly MessageId[]): Staged {
    const known = messages.filter((message) => places.has(message))
    return {
      ...stagedOps(...known.map((message) => tables.ownPlaces.delete(message))),
      publish: () => known.forEach(forget),
    }
  }

  return { of: (message) => places.get(message), messagesIn, stage, stageForget }
}
