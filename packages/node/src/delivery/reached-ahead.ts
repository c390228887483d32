/** Who has messages that are not here yet: a history comes newest first, and who has a message is written behind it (DEL-71). */

import type { DeviceId, MessageId } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import { type Staged, stagedOps } from '../staged.ts'
import type { Op } from '../store/store-types.ts'
import type { Reached } from './delivery.ts'

/** What was heard of messages before they came: one entry of the disk for all that was heard at once. */
export interface ReachedAhead {
  /** What is known of these. */
  among(messages: Iterable<MessageId>): readonly Reached[]
  /** Whether more can be kept: each is kept in memory, too. */
  hasRoomFor(reached: readonly Reached[]): boolean
  stage(reached: readonly Reached[]): Staged
  /** They came, and what was known of them is written with them. */
  stageArrived(messages: readonly MessageId[]): Staged
}

/** Kept in memory, of some 200 bytes each; what is beyond has rows in the table `reached` at once. */
const MAX_KEPT = 20_000
/** In one entry, which is as much as one record of the account log says. */
export const MAX_HEARD_AT_ONCE = 1024

/** Opens what was heard by earlier runs. What has come since, as by a replay, is settled first. */
export async function openReachedAhead(
  context: Pick<DeviceContext, 'tables' | 'store'>,
): Promise<ReachedAhead> {
  const { tables } = context
  const devicesOf = new Map<MessageId, ReadonlySet<DeviceId>>()
  /** Messages that have not come, by the entry that names them. */
  const awaited = new Map<number, Set<MessageId>>()
  let kept = 0
  let last = 0
  for await (const [number, reached] of tables.reachedAhead.entries()) {
    last = number
    const left = await settleOld(context, number, reached)
    if (left.length > 0) note(number, left)
  }

  function note(number: number, reached: readonly Reached[]): void {
    for (const { message, device } of reached) {
      devicesOf.set(message, new Set(devicesOf.get(message)).add(device))
    }
    awaited.set(number, new Set(reached.map(({ message }) => message)))
    kept += reached.length
  }

  function stageOne(reached: readonly Reached[]): Staged {
    last += 1
    const number = last
    return {
      ...stagedOps(tables.reachedAhead.put(number, reached)),
      publish: () => note(number, reached),
    }
  }

  function stage(reached: readonly Reached[]): Staged {
    const pages = Array.from({ length: Math.ceil(reached.length / MAX_HEARD_AT_ONCE) }, (_, at) =>
      stageOne(reached.slice(at * MAX_HEARD_AT_ONCE, (at + 1) * MAX_HEARD_AT_ONCE)),
    )
    return {
      ops: () => pages.flatMap((page) => page.ops()),
      publish: () => {
        for (const page of pages) page.publish?.()
      },
    }
  }

  function stageArrived(messages: readonly MessageId[]): Staged {
    const came = new Set(messages.filter((message) => devicesOf.has(message)))
    return {
      ops: () => (came.size === 0 ? [] : [...emptiedBy(came)].map(dropOp)),
      publish: () => {
        if (came.size > 0) forget(came)
      },
    }
  }

  /** Entries that name nothing else which is still to come. */
  function* emptiedBy(came: ReadonlySet<MessageId>): Generator<number> {
    for (const [number, messages] of awaited) {
      if ([...messages].every((message) => came.has(message))) yield number
    }
  }

  const dropOp = (number: number): Op => tables.reachedAhead.delete(number)

  function forget(came: ReadonlySet<MessageId>): void {
    for (const message of came) {
      kept -= devicesOf.get(message)?.size ?? 0
      devicesOf.delete(message)
    }
    for (const [number, messages] of awaited) {
      const left = new Set([...messages].filter((message) => !came.has(message)))
      if (left.size > 0) awaited.set(number, left)
      else awaited.delete(number)
    }
  }

  return {
    among: (messages) =>
      [...messages].flatMap((message) =>
        [...(devicesOf.get(message) ?? [])].map((device) => ({ message, device })),
      ),
    hasRoomFor: (reached) => kept + reached.length <= MAX_KEPT,
    stage,
    stageArrived,
  }
}

/** What came in some other way gets its rows; the rest waits on. */
async function settleOld(
  { tables, store }: Pick<DeviceContext, 'tables' | 'store'>,
  number: number,
  reached: readonly Reached[],
): Promise<readonly Reached[]> {
  const places = await tables.contentPlaces.getMany(reached.map(({ message }) => message))
  const here = reached.filter((_, at) => places[at] !== undefined)
  if (here.length === 0) return reached
  const left = reached.filter((_, at) => places[at] === undefined)
  await store.commit([
    ...here.map(({ message, device }) => tables.reached.put([message, device], true)),
    left.length > 0 ? tables.reachedAhead.put(number, left) : tables.reachedAhead.delete(number),
  ])
  return left
}
