import type { MessageId, Party } from '@kithmesh/protocol'
import type { DeviceContext } from '../context.ts'
import { commitStaged } from '../staged.ts'
import type { Mending } from './mending.ts'
import type { Refuse } from './message-wire.ts'
import type { Outbox, OutboxEntry } from './outbox.ts'

/** What was refused is tried again over another stream, once what it waits for may be over (DEL-21). */
const REFUSED_WAIT_MS = 60 * 60 * 1000

/** An entry that was sent and is not answered yet. */
export interface UnderWay {
  readonly entry: OutboxEntry
  readonly envelope: Uint8Array
}

/** What the recipient of one stream refused, and what becomes of it. */
export interface Refusals {
  /** Entries to seal again now, unsealed: what it cannot open, on its word, each once (SES-28). */
  take(refusal: Refuse, sent: UnderWay): Promise<readonly OutboxEntry[]>
  /** These are on its disk after all. */
  landed(messages: readonly MessageId[]): void
  /** The stream is over. */
  end(): void
}

/** Refusals over one stream; `retry` ends it, so that the next one offers again what is left. */
export function createRefusals(
  context: Pick<DeviceContext, 'store' | 'scheduler' | 'logger'>,
  parts: {
    readonly outbox: Pick<Outbox, 'stageSealed'>
    readonly mending: Pick<Mending, 'hear' | 'isBroken'>
  },
  { recipient, retry }: { readonly recipient: Party; readonly retry: () => void },
): Refusals {
  const { outbox, mending } = parts
  /** Of what was refused, and has not arrived since. Ids: who refuses everything must not fill our memory. */
  const waiting = new Set<MessageId>()
  /** A second refusal leaves the entry where it is. */
  const resealed = new Set<MessageId>()
  /** Could not be opened, and its device has not given its word yet why; without envelopes. */
  const unopened: OutboxEntry[] = []
  let cancelRetry: (() => void) | undefined

  async function take(refusal: Refuse, sent: UnderWay): Promise<readonly OutboxEntry[]> {
    const { id, reason } = refusal
    const { envelope: _, ...unsealed } = sent.entry
    context.logger.warn('an envelope was refused', { reason })
    waiting.add(id)
    cancelRetry ??= context.scheduler.schedule(REFUSED_WAIT_MS, retry)
    // It was opened: the same bytes would not open again, and would cost a session (SES-26).
    if (reason.startsWith('content-')) await unseal(unsealed)
    if (reason !== 'cannot-open' || resealed.has(id)) return []
    unopened.push(unsealed)
    return (await isMended(refusal, sent)) ? sealAgain() : []
  }

  async function isMended({ id, control }: Refuse, { envelope }: UnderWay): Promise<boolean> {
    const about = { recipient, message: id, envelope }
    return (control && (await mending.hear(control, about))) || mending.isBroken(recipient)
  }

  function unseal(entry: OutboxEntry): Promise<void> {
    return commitStaged(context.store, [outbox.stageSealed(entry, undefined)])
  }

  function sealAgain(): readonly OutboxEntry[] {
    for (const { message } of unopened) resealed.add(message)
    return unopened.splice(0)
  }

  function landed(messages: readonly MessageId[]): void {
    for (const message of messages) waiting.delete(message)
    if (waiting.size === 0) end()
  }

  function end(): void {
    cancelRetry?.()
    cancelRetry = undefined
  }

  return { take, landed, end }
}
