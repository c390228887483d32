/** `kith history` and `kith devices history`: the messages of before (CLI-90 to CLI-92). */

import type { KithNode } from '@kithmesh/node'
import { historyEvent } from '../device/history.ts'
import type { HistoryEvent } from '../events/linking.ts'
import type { Report } from '../report.ts'
import { oneLine } from '../terminal-text.ts'
import { type CommandContext, collect } from './context.ts'

/** Says how much of them is here. */
export async function showHistory(
  context: CommandContext,
  input: { readonly digest: boolean; readonly since: number | undefined },
): Promise<void> {
  const [history] = await collect(context, { call: 'history', input, event: 'history' })
  if (history !== undefined) context.report.print(...historyLines(history))
}

/** Lets another device have messages from so far back; `days` is 0 for none, undefined for all. */
export async function allowHistory(
  context: CommandContext,
  input: { readonly device: string; readonly days: number | undefined },
): Promise<void> {
  const [device] = await collect(context, { call: 'devices history', input, event: 'device' })
  if (device === undefined) return
  context.report.print(`"${oneLine(device.name)}" gets ${reachOf(input.days)}.`)
}

function reachOf(days: number | undefined): string {
  if (days === undefined) return 'all messages'
  return days === 0 ? 'messages from now on' : `messages of the last ${days} days, and new ones`
}

function historyLines(history: HistoryEvent): readonly string[] {
  const { received, total, percent, done, since, waitsUntil, digest, contents } = history
  const head = done
    ? `All messages are here: ${received} records.`
    : `Messages come from your other devices: ${received} of ${total} records, ${percent} %.`
  return [
    head,
    ...(since === null ? [] : [`  Since      ${day(since)}: this device gets none that are older`]),
    ...(waitsUntil === null
      ? []
      : [`  Waits      until ${day(waitsUntil)}, or kith devices approve on another device`]),
    ...(digest === null ? [] : [`  Contents   ${contents}`, `  Digest     ${digest}`]),
  ]
}

/** To the minute, as the JSON has it. */
function day(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`
}

/** Percents at which a person is told, without a line for each window. */
const STEP = 25

/**
 * Tells of messages of before as they come, until the signal aborts. `isNew`: this device was linked just
 * now, so how it stands is told at once, too.
 */
export async function followHistory(
  node: KithNode,
  {
    report,
    signal,
    isNew,
  }: { readonly report: Report; readonly signal: AbortSignal; isNew: boolean },
): Promise<void> {
  let shown = 0
  const tell = (history: HistoryEvent): void => {
    report.event(history)
    const step = Math.floor(history.percent / STEP)
    if (history.done) report.print('All messages of before are here.')
    else if (step > shown) report.talk(`Messages of before: ${history.percent} %`)
    shown = history.done ? 0 : step
  }
  const on = { signal }
  node.addEventListener('history:progress', ({ detail }) => tell(historyEvent(detail)), on)
  if (isNew) tell(historyEvent(await node.history.state()))
}
