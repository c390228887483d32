/** `kith chats`: what the person set for each chat (CLI-95). */

import type { ChatEvent } from '../events/preferences.ts'
import type { CallInput } from '../local/calls.ts'
import { oneLine, table } from '../terminal-text.ts'
import { localMinute } from '../times.ts'
import { type CommandContext, collect } from './context.ts'

/** Every chat: pinned ones first, archived ones last. */
export async function showChats(context: CommandContext): Promise<void> {
  const chats = await collect(context, { call: 'chats', input: {}, event: 'chat' })
  const { report } = context
  if (chats.length === 0) {
    report.talk('No chats yet. Invite somebody with: kith contacts invite')
    return
  }
  const rows = chats.map((chat) => [oneLine(chat.name), stateOf(chat), labelsOf(chat)])
  const [head = '', ...lines] = table([['NAME', 'STATE', 'LABELS'], ...rows])
  report.print(report.paint('bold', head), ...lines)
}

/** Archives, pins, and so on. */
export async function changeChat(
  context: CommandContext,
  input: CallInput<'chats edit'>,
): Promise<void> {
  const [chat] = await collect(context, { call: 'chats edit', input, event: 'chat' })
  if (chat === undefined) return
  const state = stateOf(chat)
  context.report.print(`"${oneLine(chat.name)}": ${state === '' ? 'nothing set' : state}`)
}

/** Mutes a chat; `forMs` missing: until it is unmuted. */
export async function muteChat(
  context: CommandContext,
  { contact, forMs }: { readonly contact: string; readonly forMs: number | undefined },
): Promise<void> {
  const mutedUntil = forMs === undefined ? 'always' : context.io.now() + forMs
  await changeChat(context, { contact, mutedUntil })
}

function stateOf({ archived, favourite, pinnedAt, mutedUntil }: ChatEvent): string {
  return [
    pinnedAt === null ? [] : ['pinned'],
    favourite ? ['favourite'] : [],
    mutedUntil === null ? [] : [mutedText(mutedUntil)],
    archived ? ['archived'] : [],
  ]
    .flat()
    .join(', ')
}

function mutedText(until: string): string {
  return until === 'always' ? 'muted' : `muted until ${localMinute(until)}`
}

function labelsOf({ labels }: ChatEvent): string {
  return labels.map(({ name }) => oneLine(name)).join(', ')
}
