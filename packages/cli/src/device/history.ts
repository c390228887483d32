import type { HistoryChoice, HistoryDigest, HistoryState } from '@kithmesh/node'
import type { HistoryEvent } from '../events/linking.ts'
import type { CallInput } from '../local/calls.ts'
import { deviceEvent } from './answers.ts'
import { findDevice } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

/** How much of the messages of before is here; with `digest` what two devices compare. */
export async function tellHistory(
  { digest, since }: CallInput<'history'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const state = await node.history.state({ signal })
  const asked = { signal, ...(since === undefined ? {} : { since }) }
  await emit(historyEvent(state, digest ? await node.history.digest(asked) : undefined))
}

/** Lets another device have messages from so far back. */
export async function allowHistory(
  { device, days }: CallInput<'devices history'>,
  serving: Serving,
): Promise<void> {
  const found = await findDevice(device, serving)
  const { node, signal, emit } = serving
  await emit(deviceEvent(await node.history.allow(found.device, choiceOf(days), { signal })))
}

/** Days as they are asked for: none given is all, 0 is none. */
export function choiceOf(days: number | undefined): HistoryChoice {
  if (days === undefined) return 'all'
  return days === 0 ? 'none' : { days }
}

/** As it stands in the JSON. */
export function historyEvent(state: HistoryState, digest?: HistoryDigest): HistoryEvent {
  const { received, total, percent, done, since, waitsUntil } = state
  return {
    event: 'history',
    received,
    total,
    percent,
    done,
    since: timeOf(since),
    waitsUntil: timeOf(waitsUntil),
    digest: digest?.digest ?? null,
    contents: digest?.contents ?? null,
  }
}

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
