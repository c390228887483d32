/** `kith labels`: labels on chats and messages (CLI-96). */

import type { LabelEvent } from '../events/preferences.ts'
import { oneLine, table } from '../terminal-text.ts'
import { type CommandContext, collect } from './context.ts'

/** Every label, and on how much it stands. */
export async function showLabels(context: CommandContext): Promise<void> {
  const labels = await collect(context, { call: 'labels', input: {}, event: 'label' })
  const { report } = context
  if (labels.length === 0) {
    report.talk('No labels yet. Make one with: kith labels add NAME')
    return
  }
  const rows = labels.map(({ name, contacts, messages, label }) => {
    return [oneLine(name), String(contacts), String(messages), label]
  })
  const [head = '', ...lines] = table([['NAME', 'CHATS', 'MESSAGES', 'LABEL'], ...rows])
  report.print(report.paint('bold', head), ...lines)
}

/** Makes a label; one of that name is taken as it is. */
export async function addLabel(
  context: CommandContext,
  input: { readonly name: string },
): Promise<void> {
  const [label] = await collect(context, { call: 'labels add', input, event: 'label' })
  if (label !== undefined) context.report.print(`"${oneLine(label.name)}" is there.`)
}

/** Gives a label another name. */
export async function renameLabel(
  context: CommandContext,
  input: { readonly label: string; readonly name: string },
): Promise<void> {
  const [label] = await collect(context, { call: 'labels rename', input, event: 'label' })
  if (label !== undefined) context.report.print(`It is called "${oneLine(label.name)}" now.`)
}

/** Takes a label off everything. */
export async function removeLabel(
  context: CommandContext,
  input: { readonly label: string },
): Promise<void> {
  const [label] = await collect(context, { call: 'labels remove', input, event: 'label' })
  if (label !== undefined) context.report.print(`"${oneLine(label.name)}" is removed.`)
}

/** Puts a label on a chat or message, or takes it off. */
export async function setLabel(
  context: CommandContext,
  {
    call,
    ...input
  }: { readonly call: 'put' | 'take'; readonly label: string; readonly on: string },
): Promise<void> {
  const [label] = await collect(context, { call: `labels ${call}`, input, event: 'label' })
  if (label !== undefined) context.report.print(standsText(label))
}

/** What a label stands on. */
export async function showLabel(
  context: CommandContext,
  input: { readonly label: string },
): Promise<void> {
  const items = await collect(context, { call: 'labels show', input, event: 'labelled' })
  const { report } = context
  if (items.length === 0) return report.talk('It stands on nothing.')
  report.print(...items.map(({ contact, message }) => contact ?? message ?? ''))
}

function standsText({ name, contacts, messages }: LabelEvent): string {
  const chats = contacts === 1 ? '1 chat' : `${contacts} chats`
  const items = messages === 1 ? '1 message' : `${messages} messages`
  return `"${oneLine(name)}" stands on ${chats} and ${items}.`
}
