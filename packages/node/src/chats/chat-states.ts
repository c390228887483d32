import { type AccountId, type ChatId, contentCodec, type MessageId } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import { type Staged, stagedOps } from '../staged.ts'
import type { StoredContent } from './stored-content.ts'

/** Messages a content may name as its parents (MSG-3); of more heads the newest are. */
const MAX_PARENTS = 16

/** What a chat remembers to write its next message. */
export interface ChatState {
  /** Number of this device's next content in the chat, from 1. */
  readonly nextSeq: number
  /** Contents no other content names as parent yet. */
  readonly heads: readonly MessageId[]
  /** Largest `at` seen, ms since 1970 UTC: a hybrid clock that goes forward, within bounds (DEL-5). */
  readonly lastAt: number
}

/** The state of every chat: on the disk, and with what is on its way there. */
export interface ChatStates {
  /** With all that is staged: what the next content of this device begins from. */
  now(chat: ChatId): Promise<ChatState>
  /** A state behind a content that nobody names yet. */
  after(state: ChatState, stored: StoredContent): ChatState
  /** Contents of one chat that come together: the state is written once, as the last leaves it. */
  stage(arriving: readonly Arriving[]): Promise<Staged>
}

/** A content on its way to the disk. */
export interface Arriving {
  readonly stored: StoredContent
  /** A content that is here names it as its parent: it came late, and is no head. */
  readonly isNamed: boolean
}

type Step = (state: ChatState) => ChatState

interface Tracked {
  /** As it stands on the disk. */
  written: ChatState
  /** Handed to the store, in the order in which they get there. */
  readonly handed: Step[]
  readonly staged: Step[]
}

/**
 * States of the chats of one account. A batch writes the state as its own content leaves it, with those
 * handed over before and none behind: what comes behind may never reach the disk (DEL-56).
 */
export function createChatStates(context: DeviceContext, account: AccountId): ChatStates {
  const { tables, device } = context
  const tracked = new Map<ChatId, Promise<Tracked>>()

  function trackedOf(chat: ChatId): Promise<Tracked> {
    const known = tracked.get(chat) ?? load(chat)
    tracked.set(chat, known)
    known.catch(() => tracked.delete(chat))
    return known
  }

  async function load(chat: ChatId): Promise<Tracked> {
    const kept = (await tables.chats.get(chat)) ?? (await restored(chat))
    const heads: MessageId[] = []
    for (const head of kept.heads) if (await tables.contentPlaces.get(head)) heads.push(head)
    const nextSeq = Math.max(kept.nextSeq, (await lastOwnNumber(chat)) + 1)
    return { written: { ...kept, heads, nextSeq }, handed: [], staged: [] }
  }

  /** The row may be lost where the contents are not (E2): the newest content begins it anew. */
  async function restored(chat: ChatId): Promise<ChatState> {
    const newest = { prefix: [chat], reverse: true, limit: 1 } as const
    for await (const [[, , message], bytes] of tables.contents.entries(newest)) {
      return { nextSeq: 1, heads: [message], lastAt: contentCodec.decode(bytes).at }
    }
    return { nextSeq: 1, heads: [], lastAt: 0 }
  }

  /** No number is given out twice, whatever the row says. */
  async function lastOwnNumber(chat: ChatId): Promise<number> {
    const last = { prefix: [chat, account, device], reverse: true, limit: 1 } as const
    for await (const [[, , , seq]] of tables.numbers.entries(last)) return seq
    return 0
  }

  function stepOf({ stored: { message, content }, isNamed }: Arriving): Step {
    const { author, seq, at } = content
    // The account, too: in the name of this device anybody could write a number (DEL-57).
    const isOwn = author.account === account && author.device === device
    const named = new Set([...content.parents, message])
    return ({ nextSeq, heads, lastAt }) => ({
      nextSeq: isOwn ? Math.max(nextSeq, Math.min(seq + 1, Number.MAX_SAFE_INTEGER)) : nextSeq,
      heads: [...heads.filter((head) => !named.has(head)), ...(isNamed ? [] : [message])].slice(
        -MAX_PARENTS,
      ),
      lastAt: Math.max(lastAt, at),
    })
  }

  async function stage(arriving: readonly Arriving[]): Promise<Staged> {
    const chat = arriving[0]?.stored.content.chat
    if (chat === undefined) return stagedOps()
    const of = await trackedOf(chat)
    const steps = arriving.map(stepOf)
    const step: Step = (state) => after(state, steps)
    of.staged.push(step)
    return {
      ops: () => {
        take(of.staged, step)
        of.handed.push(step)
        return [tables.chats.put(chat, after(of.written, of.handed))]
      },
      publish: () => {
        if (take(of.handed, step)) of.written = step(of.written)
      },
      discard: () => {
        take(of.staged, step)
        take(of.handed, step)
      },
    }
  }

  return {
    now: async (chat) => {
      const { written, handed, staged } = await trackedOf(chat)
      return after(written, [...handed, ...staged])
    },
    after: (state, stored) => stepOf({ stored, isNamed: false })(state),
    stage,
  }
}

function after(state: ChatState, steps: readonly Step[]): ChatState {
  return steps.reduce((before, step) => step(before), state)
}

function take(steps: Step[], step: Step): boolean {
  const at = steps.indexOf(step)
  if (at >= 0) steps.splice(at, 1)
  return at >= 0
}
