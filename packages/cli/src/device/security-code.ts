import type { Contact, Verification } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import type { CallInput } from '../local/calls.ts'
import { oneLine } from '../terminal-text.ts'
import { contactEvent, verificationEvent } from './answers.ts'
import { findContact } from './resolve.ts'
import type { Serving } from './served.ts'

export async function tellCode({ contact }: CallInput<'code'>, serving: Serving): Promise<void> {
  const found = await findContact(contact, serving)
  const { node, signal, emit } = serving
  const { digits, qr, verified } = await node.contacts.code(found.contact, { signal })
  await emit({ event: 'security-code', contact: found.contact, digits, verified, qr })
}

/** Whatever does not verify is refused, and nothing is changed. */
export async function verifyContact(
  { contact, scanned }: CallInput<'contacts verify'>,
  serving: Serving,
): Promise<void> {
  const found = await findContact(contact, serving)
  const { node, signal, emit } = serving
  const how = scanned === undefined ? { signal } : { scanned, signal }
  const outcome = await node.contacts.verify(found.contact, how)
  if (outcome.kind !== 'verified' && outcome.kind !== 'logs-differ') {
    throw await refusal(outcome, found, serving)
  }
  await emit(verificationEvent(found, outcome.kind))
}

async function refusal(
  outcome: Exclude<Verification, { readonly kind: 'verified' | 'logs-differ' }>,
  { name }: Contact,
  { node, signal }: Serving,
): Promise<CommandError> {
  const whose = oneLine(name)
  switch (outcome.kind) {
    case 'different':
      return CommandError.of(
        'ERR_NOT_VERIFIED',
        `The code on the screen of ${whose} is another one than here.`,
        'Open the code of each other on both devices and compare again. If it stays, trust nothing you hear there.',
      )
    case 'another-person': {
      const all = outcome.contact === undefined ? [] : await node.contacts.list({ signal })
      const other = all.find(({ contact }) => contact === outcome.contact)
      return CommandError.of(
        'ERR_NOT_VERIFIED',
        other ? `That is the code of ${oneLine(other.name)}.` : 'That is a code of other people.',
        `Take the code that ${whose} shows for you.`,
      )
    }
    case 'own-code':
      return CommandError.of(
        'ERR_NOT_VERIFIED',
        'That is the code your own devices show.',
        `Take the one on the screen of ${whose}.`,
      )
    case 'unreadable':
      return CommandError.of(
        'ERR_NOT_VERIFIED',
        'That is no whole security code.',
        'Copy it again, in quotes. It begins with WEB+KITH:V/.',
      )
  }
}

export async function unverifyContact(
  { contact }: CallInput<'contacts unverify'>,
  serving: Serving,
): Promise<void> {
  const found = await findContact(contact, serving)
  const { node, signal, emit } = serving
  await emit(contactEvent(await node.contacts.unverify(found.contact, { signal })))
}

export async function acceptContact(
  { contact }: CallInput<'contacts accept'>,
  serving: Serving,
): Promise<void> {
  const found = await findContact(contact, serving)
  const { node, signal, emit } = serving
  await emit(contactEvent(await node.contacts.accept(found.contact, { signal })))
}

export async function replaceContact(
  { contact, by }: CallInput<'contacts replace'>,
  serving: Serving,
): Promise<void> {
  const [before, after] = [await findContact(contact, serving), await findContact(by, serving)]
  const { node, signal, emit } = serving
  const replaced = await node.contacts.replace(before.contact, after.contact, { signal })
  await emit(contactEvent(replaced))
}
