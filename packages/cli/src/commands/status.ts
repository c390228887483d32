import type { StatusEvent } from '../events/devices.ts'
import { oneLine, table } from '../terminal-text.ts'
import { ago } from '../times.ts'
import { type CommandContext, collect } from './context.ts'
import { WORDS_REMINDER } from './recovery.ts'
import { damageLines } from './store-words.ts'

type OwnDevice = StatusEvent['devices'][number]

/** This account, its devices, the path to each and why, and what is pending. */
export async function showStatus(context: CommandContext): Promise<void> {
  const [status] = await collect(context, { call: 'status', input: {}, event: 'status' })
  if (status === undefined) return
  const { report, io } = context
  if (status.left !== null) return report.print(...leftLines(status.name, status.left))
  // Those that were unlinked are listed by `kith devices`.
  const devices = status.devices.filter(({ state }) => state !== 'unlinked')
  const shown = { ...status, devices }
  const [head = '', ...rows] = deviceTable(shown, io.now())
  report.print(headline(shown), report.paint('bold', head), ...rows)
  const [people = '', ...ways] = contactTable(shown, io.now())
  if (ways.length > 0) report.print(report.paint('bold', people), ...ways)
  report.print(
    reachableLine(shown),
    ...status.relays.map(relayLine),
    ...damageLines(shown, io.now()),
    ...remarks(shown),
    ...status.waiting.map(waitingLine),
  )
  if (status.recovery === 'kept') report.talk(WORDS_REMINDER)
}

/** Of a device that is out of its account there is nothing else to say. */
export function leftLines(
  name: string,
  { reason, hint }: NonNullable<StatusEvent['left']>,
): readonly string[] {
  return [`"${oneLine(name)}" ${LEFT[reason]}.`, `  ${hint}`, ...nextCommand(name, reason)]
}

type Reason = NonNullable<StatusEvent['left']>['reason']

/** What is typed to get it back; nothing where that is another device's to clear first. */
function nextCommand(name: string, reason: Reason): readonly string[] {
  if (reason === 'held') return []
  if (reason !== 'suspended' && reason !== 'left') {
    return ['  Next  kith up --new-device --home EMPTY-FOLDER']
  }
  const shown = oneLine(name)
  return [`  There  kith devices readmit ${/^[\w-]+$/.test(shown) ? shown : `"${shown}"`}`]
}

const LEFT: Readonly<Record<Reason, string>> = {
  unlinked: 'was unlinked from its account',
  suspended: 'is suspended from its account',
  left: 'has left its account',
  expired: 'was linked for a time that is over',
  recovered: 'is out: its account was recovered without it',
  held: 'is held: its account has as many devices as it may',
}

function headline({ name, devices, pending }: StatusEvent): string {
  // What one that is suspended lacks waits for nobody but whoever readmits it.
  const reached = devices.filter((device) => device.state === 'active')
  const waiting = pending + reached.reduce((sum, device) => sum + device.pending, 0)
  const state = waiting === 0 ? 'all caught up' : `${waiting} pending`
  return `${oneLine(name)} · ${devices.length} ${devices.length === 1 ? 'device' : 'devices'} · ${state}`
}

function deviceTable({ devices }: StatusEvent, now: number): readonly string[] {
  const head = ['  DEVICE', 'STATE', 'PATH', 'LAST SEEN', 'PENDING']
  return table([head, ...devices.map((device) => deviceRow(device, now))])
}

function deviceRow(device: OwnDevice, now: number): readonly string[] {
  const name = oneLine(device.name)
  if (device.this) return [`* ${name}`, 'this device']
  return [
    `  ${name}`,
    stateWord(device),
    pathWords(device),
    seenWord(device, now),
    String(device.pending),
  ]
}

/** Contacts with a way come first; so many rows fit a screen. */
const CONTACT_ROWS = 12

/** One row for each device of a contact; theirs have no names here. */
function contactTable({ contacts }: StatusEvent, now: number): readonly string[] {
  const all = contacts
    .flatMap(({ name, devices }) => devices.map((device) => ({ name, ...device })))
    .sort((a, b) => Number(a.path === 'away') - Number(b.path === 'away'))
  const rows = all
    .slice(0, CONTACT_ROWS)
    .map((one) => [`  ${oneLine(one.name)}`, pathWords(one), seenWord(one, now)])
  const more = all.length - rows.length
  return [
    ...table([['  CONTACT', 'PATH', 'LAST SEEN'], ...rows]),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

/** Which way, and what carries it where that says something. */
function pathWords({ path, over }: Pick<OwnDevice, 'path' | 'over'>): string {
  const by = over === 'webrtc' ? ', WebRTC' : over === 'splice' ? ', spliced' : ''
  return `${PATH_WORDS[path]}${by}`
}

const PATH_WORDS: Readonly<Record<OwnDevice['path'], string>> = {
  this: '',
  lan: 'LAN',
  direct: 'direct',
  relayed: 'via relay',
  away: '—',
}

function stateWord({ state, path }: OwnDevice): string {
  if (state !== 'active') return state
  return path === 'away' ? 'offline' : 'online'
}

function seenWord({ path, lastSeen }: Pick<OwnDevice, 'path' | 'lastSeen'>, now: number): string {
  if (path !== 'away') return 'now'
  return lastSeen === null ? 'never' : ago(lastSeen, now)
}

const REACHABLE: Readonly<Record<StatusEvent['reachable'], string>> = {
  yes: 'yes',
  no: 'no',
  unknown: 'not known',
}

function reachableLine({ reachable, reachableReason }: StatusEvent): string {
  return `  from outside: ${REACHABLE[reachable]}. ${oneLine(reachableReason)}`
}

function relayLine({ address, state, reason }: StatusEvent['relays'][number]): string {
  const why = reason === null || reason === '' ? '' : ` (${oneLine(reason)})`
  return `  relay ${oneLine(state)}${why}  ${shortAddress(oneLine(address))}`
}

/** One line on a terminal of 80 columns; `kith relay` and the JSON have all of it. */
function shortAddress(address: string): string {
  return address.replace(/\/certhash\/[^/]+/, '').replace(/(?<=\/p2p\/\w{4})\w+(?=\w{4}$)/, '…')
}

/** What waits for a contact, and why it does. */
function waitingLine({ name, messages, text }: StatusEvent['waiting'][number]): string {
  const count = messages === 1 ? '1 message' : `${messages} messages`
  return `! ${count} for ${oneLine(name)}: ${oneLine(text)}`
}

/** Why a device has no path of its own, in words. */
function remarks({ devices }: StatusEvent): readonly string[] {
  return devices
    .filter(({ state }) => state === 'active')
    .filter(({ path, reason }) => (path === 'away' || path === 'relayed') && reason !== '')
    .map(({ name, reason }) => `! ${oneLine(name)}: ${oneLine(reason)}`)
}
