import type { CallInput } from '../local/calls.ts'
import { contactEvent } from './answers.ts'
import { findContact } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

export async function listContacts(
  _: CallInput<'contacts'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  for (const contact of await node.contacts.list({ signal })) await emit(contactEvent(contact))
}

export async function inviteContact(
  _: CallInput<'contacts invite'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const { code } = await node.contacts.invite({ signal })
  await emit({ event: 'invite', code })
}

export async function addContact(
  { code, name }: CallInput<'contacts add'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  const named = name === undefined ? {} : { name }
  await emit(contactEvent(await node.contacts.add(code, { ...named, signal })))
}

export async function renameContact(
  { contact, name }: CallInput<'contacts rename'>,
  serving: Serving,
): Promise<void> {
  const found = await findContact(contact, serving)
  const { node, signal, emit } = serving
  await emit(contactEvent(await node.contacts.rename(found.contact, name, { signal })))
}
