/** Chats, labels and settings: what the running device does for `kith chats`, `labels`, `settings`. */

import type { Chat, Label, LabelPlace, QuietState, Setting, SettingKey } from '@kithmesh/node'
import { CommandError } from '../errors.ts'
import type { ChatEvent, LabelEvent, QuietEvent, SettingEvent } from '../events/preferences.ts'
import type { CallInput } from '../local/calls.ts'
import { closest } from '../similar.ts'
import { oneLine } from '../terminal-text.ts'
import { isoTime } from '../times.ts'
import { findContact, findLabel, findMessage } from './resolve.ts'
import { requireAccount, type Serving } from './served.ts'

/** Lengths a command takes: what another device wrote may be longer, and must not end the command. */
const NAME_MAX = 256

export async function listChats(
  _: CallInput<'chats'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  for (const chat of await node.chats.list({ signal })) await emit(chatEvent(chat))
}

export async function editChat(
  { contact: given, mutedUntil, ...change }: CallInput<'chats edit'>,
  serving: Serving,
): Promise<void> {
  const { contact } = await findContact(given, serving)
  const { node, signal, emit } = serving
  const { archived, favourite, pinned } = change
  const edit = {
    ...(archived === undefined ? {} : { archived }),
    ...(favourite === undefined ? {} : { favourite }),
    ...(pinned === undefined ? {} : { pinned }),
    ...(mutedUntil === undefined ? {} : { mutedUntil: untilOf(mutedUntil) }),
  }
  await emit(chatEvent(await node.chats.edit(contact, edit, { signal })))
}

function untilOf(given: number | 'always' | 'never'): number | 'always' | undefined {
  return given === 'never' ? undefined : given
}

function chatEvent({ contact, name, labels, pinnedAt, mutedUntil, ...chat }: Chat): ChatEvent {
  const { archived, favourite } = chat
  return {
    event: 'chat',
    contact,
    name: name.slice(0, NAME_MAX),
    archived,
    favourite,
    pinnedAt: pinnedAt === undefined ? null : isoTime(pinnedAt),
    mutedUntil: typeof mutedUntil === 'number' ? isoTime(mutedUntil) : (mutedUntil ?? null),
    labels: labels.map(({ label, name: called }) => ({ label, name: called.slice(0, NAME_MAX) })),
  }
}

export async function listLabels(_: CallInput<'labels'>, serving: Serving): Promise<void> {
  const { node, signal, emit } = serving
  requireAccount(node)
  for (const label of await node.labels.list({ signal })) {
    await emit(await labelEvent(label, serving))
  }
}

export async function addLabel({ name }: CallInput<'labels add'>, serving: Serving): Promise<void> {
  const { node, signal, emit } = serving
  requireAccount(node)
  await emit(await labelEvent(await node.labels.create(name, { signal }), serving))
}

export async function renameLabel(
  { label: given, name }: CallInput<'labels rename'>,
  serving: Serving,
): Promise<void> {
  const { label } = await findLabel(given, serving)
  const { node, signal, emit } = serving
  await emit(await labelEvent(await node.labels.rename(label, name, { signal }), serving))
}

export async function removeLabel(
  { label: given }: CallInput<'labels remove'>,
  serving: Serving,
): Promise<void> {
  const found = await findLabel(given, serving)
  const event = await labelEvent(found, serving)
  await serving.node.labels.remove(found.label, { signal: serving.signal })
  await serving.emit(event)
}

export async function putLabel(
  { label: given, on }: CallInput<'labels put'>,
  serving: Serving,
): Promise<void> {
  const found = await findLabel(given, serving)
  const place = await placeOf(on, serving)
  await serving.node.labels.put(found.label, place, { signal: serving.signal })
  await serving.emit(await labelEvent(found, serving))
}

export async function takeLabel(
  { label: given, on }: CallInput<'labels take'>,
  serving: Serving,
): Promise<void> {
  const found = await findLabel(given, serving)
  const place = await placeOf(on, serving)
  await serving.node.labels.take(found.label, place, { signal: serving.signal })
  await serving.emit(await labelEvent(found, serving))
}

export async function showLabel(
  { label: given }: CallInput<'labels show'>,
  serving: Serving,
): Promise<void> {
  const { label, name } = await findLabel(given, serving)
  const { node, signal, emit } = serving
  const { contacts, messages } = await node.labels.items(label, { signal })
  const about = { event: 'labelled', label, name: name.slice(0, NAME_MAX) } as const
  for (const contact of contacts) await emit({ ...about, contact, message: null })
  for (const message of messages) await emit({ ...about, contact: null, message })
}

/** A message's id as it stands on paper, or its beginning; a contact of that name comes first. */
const LIKE_MESSAGE = /^m[a-z2-7]{5,}$/

async function placeOf(given: string, serving: Serving): Promise<LabelPlace> {
  try {
    return { contact: (await findContact(given, serving)).contact }
  } catch (error) {
    if (!LIKE_MESSAGE.test(given)) throw error
    return { message: (await findMessage(given, serving)).message }
  }
}

async function labelEvent({ label, name }: Label, { node, signal }: Serving): Promise<LabelEvent> {
  const { contacts, messages } = await node.labels.items(label, { signal })
  const counts = { contacts: contacts.length, messages: messages.length }
  return { event: 'label', label, name: name.slice(0, NAME_MAX), ...counts }
}

export async function listSettings(
  _: CallInput<'settings'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  for (const setting of await node.settings.list({ signal })) await emit(settingEvent(setting))
}

export async function getSetting(
  { key }: CallInput<'settings get'>,
  serving: Serving,
): Promise<void> {
  await serving.emit(settingEvent(await settingNamed(key, serving)))
}

export async function setSetting(
  { key: given, value }: CallInput<'settings set'>,
  serving: Serving,
): Promise<void> {
  const { key } = await settingNamed(given, serving)
  const { node, signal, emit } = serving
  await emit(settingEvent(await node.settings.set(key, value, { signal })))
}

export async function resetSetting(
  { key: given }: CallInput<'settings reset'>,
  serving: Serving,
): Promise<void> {
  const { key } = await settingNamed(given, serving)
  const { node, signal, emit } = serving
  await emit(settingEvent(await node.settings.reset(key, { signal })))
}

export async function tellQuiet(
  _: CallInput<'settings quiet'>,
  { node, signal, emit }: Serving,
): Promise<void> {
  requireAccount(node)
  await emit(quietEvent(await node.settings.quiet({ signal })))
}

async function settingNamed(
  given: string,
  { node, signal }: Serving,
): Promise<Setting<SettingKey>> {
  requireAccount(node)
  const all = await node.settings.list({ signal })
  const found = all.find(({ key }) => key === given)
  if (found !== undefined) return found
  const near = closest(
    given,
    all.map(({ key }) => key),
  )
  throw CommandError.of(
    'ERR_SETTING',
    `There is no setting "${oneLine(given)}".`,
    near === undefined ? 'See what there is with: kith settings' : `Did you mean "${near}"?`,
  )
}

function settingEvent({ key, value, kind, expects, choices, isSet }: Setting): SettingEvent {
  return { event: 'setting', key, value, kind, expects, choices: choices ?? null, isSet }
}

function quietEvent({ on, favourites, timeZone, until }: QuietState): QuietEvent {
  const ends = until === undefined ? null : isoTime(until)
  return { event: 'quiet', on, favourites, timeZone, until: ends }
}
