import { contentCodec, type DeviceId, type MessageId } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import type { Staged } from '../staged.ts'
import type { Op } from '../store/store-types.ts'
import type { ContentPlace } from './content-place.ts'
import type { StoredContent } from './stored-content.ts'

/** Contents behind a late parent that are looked at, and those of them that are moved: nobody makes us write more. */
const MAX_SCANNED = 4096
const MAX_MOVED = 256
/** Children of one late parent that are looked up. */
const MAX_CHILDREN = 1024
/** From so many contents on, all awaited parents are read at once, */
const MANY = 4
/** if there are not more rows of them than this: one for each end of what has come so far. */
const MAX_AWAITED_READ = 256

/** Devices that have messages, by message. */
export type ReachedBy = ReadonlyMap<MessageId, readonly DeviceId[]>

/** A content with its place in the chat, on its way to the disk. */
export interface PlacedContent {
  /** A content that is here names it as its parent: it came late. */
  readonly isNamed: boolean
  readonly staged: Staged
}

/**
 * The places of contents: the order in which a chat is listed. A place is the time of the content, but
 * behind the places of all its parents that are here (DEL-55): so it is the same on every device that holds the
 * same contents, and no clock puts an answer before its question.
 */
export interface ChatOrder {
  /** Contents of one chat, one after the other. To be called by one at a time for each chat. */
  stage(
    arriving: readonly StoredContent[],
    reachedBy?: ReachedBy,
  ): Promise<readonly PlacedContent[]>
}

/** Not on the disk yet. */
interface OnItsWay {
  readonly stored: StoredContent
  readonly reached: readonly DeviceId[]
  place: number
  isHanded: boolean
}

/** A content on the disk, or handed to it, that goes to another place. */
interface Move {
  readonly stored: StoredContent
  readonly left: Set<number>
  place: number
  waiting: number
  /** Who has it, as its place says: that moves along. */
  reached: readonly DeviceId[] | undefined
}

/** Places of one account's contents. */
export function createChatOrder({ tables }: Pick<DeviceContext, 'tables'>): ChatOrder {
  const onTheirWay = new Map<MessageId, OnItsWay>()
  const moves = new Map<MessageId, Move>()
  /** By parents that are not here: children on their way to the disk, which the table does not know yet. */
  const childrenByParent = new Map<MessageId, Set<MessageId>>()

  async function placeOf(message: MessageId): Promise<ContentPlace | undefined> {
    return (await placesOf([message])).get(message)
  }

  async function stage(
    arriving: readonly StoredContent[],
    reachedBy: ReachedBy = new Map(),
  ): Promise<readonly PlacedContent[]> {
    const known = { ...(await readKin(arriving)), reachedBy }
    const placed: PlacedContent[] = []
    try {
      for (const stored of arriving) placed.push(await stageOne(stored, known))
    } catch (error) {
      for (const { staged } of placed) staged.discard?.()
      throw error
    }
    return placed
  }

  /** What the disk says of parents and children, asked once for all. */
  async function readKin(arriving: readonly StoredContent[]): Promise<Omit<Kin, 'reachedBy'>> {
    // What comes with them is not there yet.
    const coming = new Set(arriving.map(({ message }) => message))
    const named = new Set(arriving.flatMap(({ content }) => content.parents))
    const parents = [...named].filter((parent) => !coming.has(parent))
    const [places, children] = await Promise.all([placesOf(parents), childrenOf(arriving)])
    return { places, children }
  }

  async function placesOf(
    messages: readonly MessageId[],
  ): Promise<ReadonlyMap<MessageId, ContentPlace>> {
    const places = new Map<MessageId, ContentPlace>()
    const asked: MessageId[] = []
    for (const message of messages) {
      const coming = onTheirWay.get(message)
      if (coming) places.set(message, placeOfComing(coming))
      else asked.push(message)
    }
    const kept = await tables.contentPlaces.getMany(asked)
    for (const [at, message] of asked.entries()) {
      const place = kept[at]
      const moved = moves.get(message)
      if (place) places.set(message, moved ? { ...place, at: moved.place } : place)
    }
    return places
  }

  async function stageOne(stored: StoredContent, known: Kin): Promise<PlacedContent> {
    const { message, content, bytes } = stored
    const { chat } = content
    const parents = parentsOf(stored, known)
    const reached = known.reachedBy.get(message) ?? []
    const coming: OnItsWay = { stored, reached, place: parents.place, isHanded: false }
    const children = [
      ...new Set([
        ...(known.children.get(message) ?? []),
        ...(childrenByParent.get(message) ?? []),
      ]),
    ]
    const moved = await movedBehind(coming, children)
    onTheirWay.set(message, coming)
    for (const parent of parents.missing) addTo(childrenByParent, parent, message)

    const settle = (): void => {
      // It may be discarded twice.
      if (!onTheirWay.delete(message)) return
      for (const parent of parents.missing) removeFrom(childrenByParent, parent, message)
      for (const move of moved) release(move)
    }
    const ops = (): readonly Op[] => {
      coming.isHanded = true
      return [
        tables.contents.put([chat, coming.place, message], bytes),
        tables.contentPlaces.put(message, { chat, at: coming.place, reached }),
        ...parents.missing.map((parent) => tables.awaited.put([parent, message], true)),
        ...children.map((child) => tables.awaited.delete([message, child])),
        ...moved.flatMap(moveOps),
      ]
    }
    return { isNamed: children.length > 0, staged: { ops, publish: settle, discard: settle } }
  }

  /** Where the parents put a content, and which of them are not here. */
  function parentsOf({ content }: StoredContent, known: Pick<Kin, 'places'>): ParentsHere {
    const missing: MessageId[] = []
    let place = content.at
    for (const parent of new Set(content.parents)) {
      const found = placeNow(parent, known)
      if (!found) missing.push(parent)
      // One of another chat is a lie, and has no place in this one.
      else if (found.chat === content.chat) place = Math.max(place, next(found.at))
    }
    return { place, missing }
  }

  /** Where it stands by now: those that come together are placed one after the other. */
  function placeNow(message: MessageId, { places }: Pick<Kin, 'places'>): ContentPlace | undefined {
    const coming = onTheirWay.get(message)
    if (coming) return placeOfComing(coming)
    const place = places.get(message)
    const moved = moves.get(message)
    return place && moved ? { ...place, at: moved.place } : place
  }

  /** First those on their way: whatever gets to the disk meanwhile is seen here or there. */
  async function childrenOf(
    arriving: readonly StoredContent[],
  ): Promise<ReadonlyMap<MessageId, ReadonlySet<MessageId>>> {
    const children = new Map(
      arriving.map(({ message }) => [message, new Set(childrenByParent.get(message))] as const),
    )
    const rows = arriving.length < MANY ? undefined : await awaitedRows()
    for (const [parent, child] of rows ?? []) children.get(parent)?.add(child)
    if (rows) return children
    for (const [message, of] of children) {
      const range = { prefix: [message], limit: MAX_CHILDREN } as const
      for await (const [[, child]] of tables.awaited.entries(range)) of.add(child)
    }
    return children
  }

  /** Undefined when there are too many to read them all. */
  async function awaitedRows(): Promise<readonly (readonly [MessageId, MessageId])[] | undefined> {
    const rows: (readonly [MessageId, MessageId])[] = []
    for await (const [row] of tables.awaited.entries({ limit: MAX_AWAITED_READ + 1 })) {
      rows.push(row)
    }
    return rows.length > MAX_AWAITED_READ ? undefined : rows
  }

  /** Children may stand before a parent that came late, when a clock was far off: they go behind it. */
  async function movedBehind(
    parent: OnItsWay,
    children: readonly MessageId[],
  ): Promise<readonly Move[]> {
    const { chat } = parent.stored.content
    const places = (await Promise.all(children.map(placeOf))).filter((one) => one?.chat === chat)
    const first = Math.min(...places.map((one) => one?.at ?? Number.POSITIVE_INFINITY))
    if (first > parent.place) return []
    const placed = new Map([[parent.stored.message, parent.place]])
    const moved: Move[] = []
    for (const { stored, place } of await standingBehind(parent, first)) {
      const behind = stored.content.parents.map((one) => next(placed.get(one) ?? -1))
      const wanted = Math.max(0, ...behind)
      if (wanted <= place) continue
      if (moved.length === MAX_MOVED) break
      placed.set(stored.message, wanted)
      moved.push(move(stored, { from: place, to: wanted }))
    }
    await readReached(moved)
    return moved
  }

  /** Who has it stands with its place, on its way to the disk or there. */
  async function readReached(moved: readonly Move[]): Promise<void> {
    const asked: Move[] = []
    for (const one of moved) {
      one.reached ??= onTheirWay.get(one.stored.message)?.reached
      if (one.reached === undefined) asked.push(one)
    }
    const places = await tables.contentPlaces.getMany(asked.map(({ stored }) => stored.message))
    for (const [at, one] of asked.entries()) one.reached = places[at]?.reached ?? []
  }

  /** What stands from a place to that of the parent, and a little behind, in order. */
  async function standingBehind(parent: OnItsWay, from: number): Promise<readonly Standing[]> {
    const { chat } = parent.stored.content
    const found = new Map<MessageId, Standing>()
    // From any id of the place before: those of one place stand in no order of their ids.
    const gte = [chat, Math.max(0, from - 1), parent.stored.message] as const
    for await (const [[, at, message], bytes] of tables.contents.entries({
      prefix: [chat],
      gte,
      limit: MAX_SCANNED,
    })) {
      if (at > parent.place + MAX_MOVED) break
      const stored = { message, content: contentCodec.decode(bytes), bytes }
      found.set(message, { stored, place: moves.get(message)?.place ?? at })
    }
    // What another parent has just moved stands there, wherever the disk still has it.
    for (const [message, { stored, place }] of [...moves, ...onTheirWay]) {
      if (stored.content.chat === chat && place >= from) found.set(message, { stored, place })
    }
    return [...found.values()].sort((a, b) => a.place - b.place)
  }

  function move(stored: StoredContent, { from, to }: { from: number; to: number }): Move {
    const coming = onTheirWay.get(stored.message)
    const known = moves.get(stored.message)
    const fresh = { stored, left: new Set<number>(), place: to, waiting: 0, reached: undefined }
    const moving: Move = known ?? fresh
    if (coming) coming.place = to
    moving.left.add(from)
    moving.place = to
    moving.waiting += 1
    moves.set(stored.message, moving)
    return moving
  }

  /** What is not handed over yet goes to its new place by itself. */
  function moveOps({ stored, left, place, reached = [] }: Move): readonly Op[] {
    const { message, content, bytes } = stored
    if (onTheirWay.get(message)?.isHanded === false) return []
    const old = [...left].filter((at) => at !== place)
    return [
      ...old.map((at) => tables.contents.delete([content.chat, at, message])),
      tables.contents.put([content.chat, place, message], bytes),
      tables.contentPlaces.put(message, { chat: content.chat, at: place, reached }),
    ]
  }

  function release(moving: Move): void {
    moving.waiting -= 1
    if (moving.waiting === 0) moves.delete(moving.stored.message)
  }

  return { stage }
}

/** What was known of the parents and children of contents before they came. */
interface Kin {
  readonly places: ReadonlyMap<MessageId, ContentPlace>
  readonly children: ReadonlyMap<MessageId, ReadonlySet<MessageId>>
  readonly reachedBy: ReachedBy
}

interface ParentsHere {
  readonly place: number
  readonly missing: readonly MessageId[]
}

interface Standing {
  readonly stored: StoredContent
  readonly place: number
}

function placeOfComing({ stored, place }: OnItsWay): ContentPlace {
  return { chat: stored.content.chat, at: place }
}

/** The next place; no clock goes beyond what a number can say. */
function next(place: number): number {
  return Math.min(place + 1, Number.MAX_SAFE_INTEGER)
}

function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value))
}

function removeFrom<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key)
  set?.delete(value)
  if (set?.size === 0) sets.delete(key)
}
