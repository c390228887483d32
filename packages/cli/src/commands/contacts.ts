import type { ContactEvent } from '../events/contacts.ts'
import { oneLine, table } from '../terminal-text.ts'
import { argumentOrStdin, type CommandContext, collect } from './context.ts'

/** Longer than any code with its spaces and line breaks. */
const CODE = { maxBytes: 8192, tooLong: 'ERR_CODE_MALFORMED' } as const

/** The people of this account. */
export async function showContacts(context: CommandContext): Promise<void> {
  const contacts = await collect(context, { call: 'contacts', input: {}, event: 'contact' })
  const { report } = context
  if (contacts.length === 0) {
    report.talk('No contacts yet. Invite somebody with: kith contacts invite')
    return
  }
  const [head = '', ...lines] = table([
    ['NAME', 'DEVICES', 'VERIFIED', 'CONTACT'],
    ...contacts.map(contactRow),
  ])
  report.print(report.paint('bold', head), ...lines)
}

function contactRow({ name, devices, contact, ...state }: ContactEvent): readonly string[] {
  return [oneLine(name), String(devices), verifiedWord(state), contact]
}

function verifiedWord({
  verified,
  changed,
  alert,
}: Pick<ContactEvent, 'verified' | 'changed' | 'alert'>): string {
  if (changed) return 'new account'
  if (alert !== null) return 'look again'
  return verified ? 'yes' : 'no'
}

/** Makes an invite code and shows it. */
export async function inviteContact(
  context: CommandContext,
  input: { readonly replaces: string | undefined },
): Promise<void> {
  const [invite] = await collect(context, { call: 'contacts invite', input, event: 'invite' })
  if (invite === undefined) return
  const { report, io } = context
  report.print(invite.code)
  if (report.json) return
  const { qrLines } = await import('../qr-text.ts')
  if (io.stderr.isTTY) report.talk(...qrLines(invite.code, io.stderr))
  report.talk('For one person, once, within 10 days. There: kith contacts add CODE')
}

/** Adds the person who made the code; both are contacts of each other at once. */
export async function addContact(
  context: CommandContext,
  {
    code,
    name,
    replaces,
  }: {
    readonly code: string
    readonly name: string | undefined
    readonly replaces: string | undefined
  },
): Promise<void> {
  const input = { code: await argumentOrStdin(code, context, CODE), name, replaces }
  const [contact] = await collect(context, { call: 'contacts add', input, event: 'contact' })
  if (contact === undefined) return
  context.report.print(`"${oneLine(contact.name)}" is now a contact.`)
  if (contact.held) context.report.talk('Compare it with: kith code, then: kith contacts accept')
}

/** Gives a contact another name, on all devices of this account. */
export async function renameContact(
  context: CommandContext,
  input: { readonly contact: string; readonly name: string },
): Promise<void> {
  const [contact] = await collect(context, { call: 'contacts rename', input, event: 'contact' })
  if (contact !== undefined) context.report.print(`The contact is now "${oneLine(contact.name)}".`)
}
