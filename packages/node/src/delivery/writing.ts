import { type AccountId, type Content, directChatId } from '@kithmesh/protocol'
import type { Chats, StoredContent } from '../chats.ts'
import { collectStaged, type Staged } from '../staged.ts'
import type { FanOut } from './fan-out.ts'

/**
 * Writes what this device says to a contact, a message or a receipt: content, sessions, outbox and the
 * record by which siblings learn of it are one batch. Resolves when it is on the disk.
 */
export type Write = (
  to: AccountId,
  body: Content['body'],
  /** What else belongs into the batch. */
  alongside: (stored: StoredContent) => readonly Staged[],
) => Promise<StoredContent>

/** Contents of one chat that share one batch; as many as one write of the disk takes. */
const MAX_AT_ONCE = 64
/** Characters in all of them: their record of the account log has room for four times as many bytes. */
const MAX_CHARACTERS = 48 * 1024

/**
 * One content after another in each chat (DEL-6). Those that wait together share everything but their seals: one
 * record, one state of the chat, one step of each session, one batch.
 */
export function createWriting(parts: {
  readonly account: AccountId
  readonly chats: Chats
  readonly fanOut: FanOut
  /** Writes the record by which siblings learn of contents, and what belongs to it, in one batch. */
  readonly record: (
    written: readonly StoredContent[],
    alongside: readonly Staged[],
  ) => Promise<void>
}): Write {
  const { account, chats, fanOut, record } = parts
  const waiting = new Map<AccountId, Waiting[]>()

  function write(...[to, body, alongside]: Parameters<Write>): Promise<StoredContent> {
    const settle = Promise.withResolvers<StoredContent>()
    const queue = waiting.get(to) ?? []
    waiting.set(to, queue)
    // Whoever comes before the turn is taken along.
    if (queue.push({ body, alongside, settle }) === 1) askTurn(to)
    return settle.promise
  }

  function askTurn(to: AccountId): void {
    void chats.alone(directChatId(account, to), () => writeNext(to))
  }

  /** Resolves when the next contents may be staged: their batch may go behind this one. */
  async function writeNext(to: AccountId): Promise<void> {
    const queue = waiting.get(to) ?? []
    const next = takeNext(queue)
    if (queue.length > 0) askTurn(to)
    else waiting.delete(to)
    try {
      const { written, staged } = await stageAll(to, next)
      void settleAll(next, written, record(written, staged))
    } catch (error) {
      for (const { settle } of next) settle.reject(error)
    }
  }

  async function stageAll(to: AccountId, next: readonly Waiting[]): Promise<StagedContents> {
    const chat = directChatId(account, to)
    const written = await chats.draftAll(
      chat,
      next.map(({ body }) => body),
    )
    const staged = await collectStaged(async (all) => {
      all.push(await chats.stageMany(written))
      all.push(...(await fanOut(to, written)))
      for (const [at, stored] of written.entries()) all.push(...(next[at]?.alongside(stored) ?? []))
    })
    return { written, staged }
  }

  return write
}

/** Whether they are on the disk is told to each that waits for one of them. */
async function settleAll(
  next: readonly Waiting[],
  written: readonly StoredContent[],
  durable: Promise<void>,
): Promise<void> {
  try {
    await durable
    for (const [at, stored] of written.entries()) next[at]?.settle.resolve(stored)
  } catch (error) {
    for (const { settle } of next) settle.reject(error)
  }
}

/** From the front, at least one if there is any. */
function takeNext(queue: Waiting[]): readonly Waiting[] {
  let characters = 0
  const end = queue.findIndex(({ body }, at) => {
    characters += sizeOf(body)
    return at > 0 && (at === MAX_AT_ONCE || characters > MAX_CHARACTERS)
  })
  return queue.splice(0, end < 0 ? queue.length : end)
}

function sizeOf(body: Content['body']): number {
  return body.kind === 'text' ? body.text.length : ID_CHARACTERS * body.messages.length
}

/** Of a message id in a receipt, by far. */
const ID_CHARACTERS = 64

interface Waiting {
  readonly body: Content['body']
  readonly alongside: Parameters<Write>[2]
  readonly settle: PromiseWithResolvers<StoredContent>
}

interface StagedContents {
  readonly written: readonly StoredContent[]
  readonly staged: readonly Staged[]
}
