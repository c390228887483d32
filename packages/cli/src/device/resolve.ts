/**
 * Devices, contacts and messages by id, unique beginning of the id, or name (CLI-5). What fits more
 * than one is never guessed: a contact chooses its own first name, and may choose somebody else's.
 */

import type { Contact, Device, Label, Message } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import { closest } from '../similar.ts'
import { oneLine } from '../terminal-text.ts'
import { requireAccount, type Serving } from './served.ts'

/** Shortest beginning of an id that is taken for one. */
const PREFIX_MIN = 6
/** Candidates named in the error; more help nobody. */
const LISTED_MAX = 8

/** The contact that `given` names. @throws ERR_NOT_FOUND, ERR_AMBIGUOUS */
export async function findContact(given: string, { node, signal }: Serving): Promise<Contact> {
  requireAccount(node)
  const contacts = await node.contacts.list({ signal })
  return pick(given, {
    kind: 'contact',
    command: 'kith contacts',
    candidates: contacts.map((contact) => ({
      ...named(contact.contact, contact.name),
      it: contact,
    })),
  })
}

/** The label that `given` names. @throws ERR_NOT_FOUND, ERR_AMBIGUOUS */
export async function findLabel(given: string, { node, signal }: Serving): Promise<Label> {
  requireAccount(node)
  const labels = await node.labels.list({ signal })
  const candidates = labels.map((label) => ({ ...named(label.label, label.name), it: label }))
  return pick(given, { kind: 'label', command: 'kith labels', candidates })
}

/** The device of this account that `given` names. @throws ERR_NOT_FOUND, ERR_AMBIGUOUS */
export async function findDevice(given: string, { node, signal }: Serving): Promise<Device> {
  requireAccount(node)
  const devices = (await node.devices.list({ signal })).map((device) => {
    return { ...named(device.device, device.name), it: device }
  })
  // One that was unlinked keeps its name, but does not stand in the way of its successor.
  const linked = devices.filter(({ it }) => it.state !== 'unlinked')
  const meant = linked.some((one) => one.id === given || fits(given, one)) ? linked : devices
  return pick(given, { kind: 'device', command: 'kith devices', candidates: meant })
}

/** The message that `given` names; messages have no name. @throws ERR_NOT_FOUND, ERR_AMBIGUOUS */
export async function findMessage(given: string, serving: Serving): Promise<Message> {
  requireAccount(serving.node)
  const whole = await messageById(given, serving)
  if (whole !== undefined) return whole
  const messages = await messagesFrom(given, serving)
  return pick(given, {
    kind: 'message',
    command: 'kith messages CONTACT',
    candidates: messages.map((message) => ({ ...named(message.message, ''), it: message })),
  })
}

async function messageById(given: string, serving: Serving): Promise<Message | undefined> {
  try {
    const id = serving.parseMessageId(given)
    return await serving.node.messages.get(id, { signal: serving.signal })
  } catch (error) {
    serving.signal.throwIfAborted()
    if (error instanceof Error && 'code' in error && error.code === 'ERR_ID_MALFORMED') return
    throw error
  }
}

/** Every message whose id begins so, once each. */
async function messagesFrom(prefix: string, { node, signal }: Serving): Promise<Message[]> {
  const found = new Map<string, Message>()
  if (prefix.length < PREFIX_MIN) return []
  const keep = (message: Message): void => {
    if (message.message.startsWith(prefix)) found.set(message.message, message)
  }
  for (const message of await node.starred.list({ signal })) keep(message)
  for (const { contact } of await node.contacts.list({ signal })) {
    for (const message of await node.messages.list(contact, { signal })) keep(message)
  }
  return [...found.values()]
}

interface Named {
  readonly id: string
  readonly name: string
}

function named(id: string, name: string): Named {
  return { id, name: oneLine(name) }
}

interface Choice<T> {
  readonly kind: string
  /** Lists what there is. */
  readonly command: string
  readonly candidates: readonly (Named & { readonly it: T })[]
}

/** The one candidate that fits: an exact id first, then whatever name or beginning of an id fits. */
function pick<T>(given: string, { kind, command, candidates }: Choice<T>): T {
  const exact = candidates.find(({ id }) => id === given)
  if (exact !== undefined) return exact.it
  const fitting = candidates.filter((candidate) => fits(given, candidate))
  const [first, ...others] = fitting
  if (first === undefined) throw notFound(given, { kind, command, candidates })
  if (others.length === 0) return first.it
  throw CommandError.of(
    'ERR_AMBIGUOUS',
    `"${oneLine(given)}" fits ${fitting.length} ${kind}s: ${listed(fitting)}.`,
    `Give the id, or more of it: ${command}`,
  )
}

function fits(given: string, { id, name }: Named): boolean {
  if (given.length >= PREFIX_MIN && id.startsWith(given)) return true
  return name !== '' && folded(name) === folded(oneLine(given))
}

/** Names differ to people only when they differ in more than case and composition. */
function folded(name: string): string {
  return name.normalize('NFKC').toLowerCase().trim()
}

function notFound<T>(given: string, { kind, command, candidates }: Choice<T>): CommandError {
  const near = closest(
    given,
    candidates.map(({ name }) => name).filter((name) => name !== ''),
  )
  return CommandError.of(
    'ERR_NOT_FOUND',
    `There is no ${kind} "${oneLine(given)}".`,
    near === undefined ? `List what is there with: ${command}` : `Did you mean "${near}"?`,
  )
}

function listed(fitting: readonly Named[]): string {
  const shown = fitting
    .slice(0, LISTED_MAX)
    .map(({ id, name }) => (name === '' ? id : `${name} (${id})`))
  return fitting.length > LISTED_MAX ? `${shown.join(', ')} …` : shown.join(', ')
}
