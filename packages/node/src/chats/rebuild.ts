import { type ChatId, contentCodec, isKithError, type MessageId } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import type { Op } from '../store/store-types.ts'
import type { StoredContent } from './stored-content.ts'

/** Changes in one batch. */
const BATCH = 256

/**
 * Makes places, numbers and awaited parents what the contents say: for a disk that lost some of any of them
 * (E2), or that was written before there were numbers. What is left of a content that cannot be read goes, so
 * that it is taken again when it comes (DEL-58). Of one chat, or of all, and then before they are opened.
 */
export async function rebuildChats(
  { tables, store }: Pick<DeviceContext, 'tables' | 'store'>,
  chat?: ChatId,
): Promise<void> {
  const readable = new Set<MessageId>()
  const ops: Op[] = []
  const flush = async (atLeast = 1): Promise<void> => {
    if (ops.length >= atLeast) await store.commit(ops.splice(0))
  }

  for await (const [[of, at, message], bytes] of tables.contents.entries(
    chat === undefined ? {} : { prefix: [chat] },
  )) {
    readable.add(message)
    const stored = { message, content: contentCodec.decode(bytes), bytes }
    ops.push(...(await placeOps(stored, { chat: of, at })), ...(await numberOps(stored)))
    ops.push(...(await awaitedOps(stored)))
    await flush(BATCH)
  }
  await flush()
  await dropEmptyNumbers()
  if (chat === undefined) await dropEmptyPlaces()
  await readFromTheStart()
  await flush()

  async function placeOps(
    { message }: StoredContent,
    stands: { readonly chat: ChatId; readonly at: number },
  ): Promise<readonly Op[]> {
    const place = await tables.contentPlaces.get(message)
    if (place?.at === stands.at) return []
    // One that stands twice, as when a move was cut short, stays where its place is.
    if (place && (await isAt(place.chat, place.at, message))) {
      return [tables.contents.delete([stands.chat, stands.at, message])]
    }
    return [tables.contentPlaces.put(message, { ...stands, reached: place?.reached ?? [] })]
  }

  async function numberOps({ message, content }: StoredContent): Promise<readonly Op[]> {
    const { author, seq, at } = content
    const key = [content.chat, author.account, author.device, seq] as const
    return (await tables.numbers.get(key)) ? [] : [tables.numbers.put(key, { message, at })]
  }

  async function awaitedOps({ message, content }: StoredContent): Promise<readonly Op[]> {
    const awaited: Op[] = []
    for (const parent of new Set(content.parents)) {
      if (readable.has(parent) || (await tables.contentPlaces.get(parent))) continue
      awaited.push(tables.awaited.put([parent, message], true))
    }
    return awaited
  }

  async function dropEmptyNumbers(): Promise<void> {
    const range = chat === undefined ? {} : { prefix: [chat] as const }
    for await (const [key, { message }] of tables.numbers.entries(range)) {
      if (readable.has(message) || (await isThere(message))) continue
      ops.push(tables.numbers.delete(key), ...(await leftOf(message)))
      await flush(BATCH)
    }
  }

  async function dropEmptyPlaces(): Promise<void> {
    for await (const [message] of tables.contentPlaces.entries()) {
      if (!readable.has(message) && !(await isThere(message))) ops.push(...(await leftOf(message)))
      await flush(BATCH)
    }
  }

  async function leftOf(message: MessageId): Promise<readonly Op[]> {
    const place = await tables.contentPlaces.get(message)
    if (place === undefined) return [tables.contentPlaces.delete(message)]
    const { chat: of, at, reached = [] } = place
    return [
      tables.contentPlaces.delete(message),
      tables.contents.delete([of, at, message]),
      // When it comes again it is known who has it.
      ...reached.map((device) => tables.reached.put([message, device], true)),
    ]
  }

  /** Written since the contents were read, or gone to another place meanwhile (DEL-55). */
  async function isThere(message: MessageId): Promise<boolean> {
    const place = await tables.contentPlaces.get(message)
    return place !== undefined && isAt(place.chat, place.at, message)
  }

  async function isAt(of: ChatId, at: number, message: MessageId): Promise<boolean> {
    try {
      return (await tables.contents.get([of, at, message])) !== undefined
    } catch (error) {
      if (isKithError(error, 'ERR_STORE_CORRUPT')) return false
      throw error
    }
  }

  async function readFromTheStart(): Promise<void> {
    const range = chat === undefined ? {} : { prefix: [chat] as const }
    for await (const [key, count] of tables.authorCounts.entries(range)) {
      if (count.settled > 0) ops.push(tables.authorCounts.put(key, { ...count, settled: 0 }))
      await flush(BATCH)
    }
  }
}
