import type { Contact } from '@kithmesh/node'
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
  { replaces }: CallInput<'contacts invite'>,
  serving: Serving,
): Promise<void> {
  const { node, signal, emit } = serving
  requireAccount(node)
  const { code } = await node.contacts.invite({ ...(await replacing(replaces, serving)), signal })
  await emit({ event: 'invite', code })
}

export async function addContact(
  { code, name, replaces }: CallInput<'contacts add'>,
  serving: Serving,
): Promise<void> {
  const { node, signal, emit } = serving
  requireAccount(node)
  const known = { ...(name === undefined ? {} : { name }), ...(await replacing(replaces, serving)) }
  await emit(contactEvent(await node.contacts.add(code, { ...known, signal })))
}

/** The contact whose new account it is, where one was named. */
async function replacing(
  given: string | undefined,
  serving: Serving,
): Promise<{ readonly replaces?: Contact['contact'] }> {
  return given === undefined ? {} : { replaces: (await findContact(given, serving)).contact }
}

export async function renameContact(
  { contact, name }: CallInput<'contacts rename'>,
  serving: Serving,
): Promise<void> {
  const found = await findContact(contact, serving)
  const { node, signal, emit } = serving
  await emit(contactEvent(await node.contacts.rename(found.contact, name, { signal })))
}
