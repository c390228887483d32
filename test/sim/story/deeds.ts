/** Doing what a plan says. What cannot be done, as on a device that is off, is left out. */

import { isKithError, type KithNode } from '@kithmesh/node'
import { linkDevice } from '../ground/cast.ts'
import { INVARIANTS } from './invariant-names.ts'
import type { Deed } from './plan.ts'
import type { Actor, Call, Sent, Stage } from './stage.ts'
import { isOnDisk } from './watching.ts'

const [, , , , , , , , , ON_DISK] = INVARIANTS

/** What a person may be told without anything being wrong. */
const EXPECTED = [
  'ERR_STORE_WRITE',
  'ERR_STORE_CLOSED',
  'ERR_STOPPED',
  'ERR_DEVICE_OUT',
  'ERR_DEVICE_RIGHT',
  'ERR_DEVICE_SELF',
  'ERR_DEVICE_LIMIT',
  'ERR_NOT_FOUND',
  'ERR_NO_ACCOUNT',
  'ERR_UNREACHABLE',
  'ERR_TIMEOUT',
  'ERR_OUTBOX_FULL',
  'ERR_STREAM_ENDED',
  'ERR_STREAM_RESET',
  'ERR_STREAM_CLOSED',
] as const

/** Begins a deed; what it comes to is noted on the stage. */
export function begin(stage: Stage, deed: Deed): void {
  switch (deed.do) {
    case 'send':
      return send(stage, deed)
    case 'star':
    case 'unstar':
      return star(stage, deed)
    case 'rename':
      return rename(stage, deed)
    case 'read':
      return read(stage, deed)
    case 'vanish':
      return vanish(stage, deed)
    case 'split':
      return split(stage, deed)
    case 'heal':
      stage.tell('everybody reaches everybody')
      return stage.ground.network.heal()
    case 'cut':
      return cut(stage, deed)
    case 'crash':
    case 'restart':
      return off(stage, deed)
    case 'skew':
      return skew(stage, deed)
    case 'full':
      return full(stage, deed)
    case 'link':
      return link(stage, deed)
    case 'unlink':
    case 'suspend':
    case 'readmit':
      return stand(stage, deed)
  }
}

type Of<K extends Deed['do']> = Extract<Deed, { readonly do: K }>

/** A message when all is quiet, from a device that is on to each of the other accounts. */
export function probe(stage: Stage, actor: Actor): void {
  for (const to of stage.accounts.keys()) {
    if (to !== actor.account) write(stage, actor, { to, isProbe: true })
  }
}

function send(stage: Stage, { device, to }: Of<'send'>): void {
  const actor = at(stage.actors, device)
  const others = stage.accounts.map((_, index) => index).filter((one) => one !== actor.account)
  if (others.length === 0 || !isOn(actor)) return
  write(stage, actor, { to: at(others, to), isProbe: false })
}

function write(
  stage: Stage,
  actor: Actor,
  { to, isProbe }: { readonly to: number; readonly isProbe: boolean },
): void {
  const contact = stage.accounts[to]
  if (contact === undefined) return
  actor.written += 1
  const number = actor.written
  const text = `${actor.name} ${number}`
  stage.tell(`${actor.name} sends "${number}" to ${contact.name}`)
  ask(stage, actor, `${actor.name} sends "${number}"`, async (node) => {
    const out = await knownOut(stage, node)
    const sent: Sent = { text, by: actor, to, out, isProbe, state: 'asked' }
    stage.sent.push(sent)
    try {
      await node.messages.send(contact.account, { text })
      sent.state = 'accepted'
      if (!isOnDisk(actor, text))
        stage.broken.push({ invariant: ON_DISK, how: `"${text}" was sent` })
    } catch (error) {
      if (sent.state === 'asked') sent.state = 'refused'
      throw error
    }
  })
}

/** Devices of its own account that a device knows to be out; asked only once somebody was put out. */
async function knownOut(stage: Stage, node: KithNode): Promise<ReadonlySet<string>> {
  const isAnybody = stage.plan.steps.some(({ deed }) => ['unlink', 'suspend'].includes(deed.do))
  if (!isAnybody) return new Set()
  const devices = await node.devices.list()
  return new Set(devices.filter(({ state }) => state !== 'active').map(({ device }) => device))
}

function star(stage: Stage, { do: what, device, which }: Of<'star' | 'unstar'>): void {
  const actor = at(stage.actors, device)
  if (!isOn(actor)) return
  ask(stage, actor, `${actor.name} ${what}s`, async (node) => {
    const contact = at(stage.accounts, actor.account + 1)
    const messages = contact.account === node.account ? [] : await listed(node, contact.account)
    if (messages.length === 0) return
    const { message, text } = at(messages, which)
    stage.tell(`${actor.name} ${what}s "${text}"`)
    await (what === 'star' ? node.starred.add(message) : node.starred.remove(message))
  })
}

async function listed(
  node: KithNode,
  contact: Parameters<KithNode['messages']['list']>[0],
): ReturnType<KithNode['messages']['list']> {
  const contacts = await node.contacts.list()
  return contacts.some((one) => one.contact === contact) ? node.messages.list(contact) : []
}

function rename(stage: Stage, { device, which }: Of<'rename' | 'read'>): void {
  const actor = at(stage.actors, device)
  if (!isOn(actor)) return
  ask(stage, actor, `${actor.name} renames`, async (node) => {
    const contacts = await node.contacts.list()
    if (contacts.length === 0) return
    const { contact } = at(contacts, which)
    const name = `name ${which} by ${actor.name}`
    stage.tell(`${actor.name} calls a contact "${name}"`)
    await node.contacts.rename(contact, name)
  })
}

function read(stage: Stage, { device, which }: Of<'rename' | 'read'>): void {
  const actor = at(stage.actors, device)
  if (!isOn(actor)) return
  ask(stage, actor, `${actor.name} reads`, async (node) => {
    const contacts = await node.contacts.list()
    if (contacts.length === 0) return
    stage.tell(`${actor.name} has read a chat`)
    const { contact } = at(contacts, which)
    const shown = await node.messages.list(contact)
    await node.messages.markRead(contact)
    for (const { text, from } of shown) if (!from.self) stage.read.set(text, actor)
  })
}

/** Somebody of the account has to stay, who was in from the beginning. */
function vanish(stage: Stage, { device }: Of<'vanish'>): void {
  const actor = at(stage.actors, device)
  const others = stage.actors.filter(
    (one) => one.account === actor.account && one !== actor && !one.isGone && !one.isNew,
  )
  if (actor.isGone || others.length === 0) return
  actor.isGone = true
  stage.tell(`${actor.name} is gone for good`)
  stage.crash(actor)
}

function split({ actors, ground, tell }: Stage, { groups, how }: Of<'split'>): void {
  const sides: [string[], string[]] = [[], []]
  const names: [string[], string[]] = [[], []]
  for (const [index, actor] of actors.entries()) {
    const side = (groups >> (index % 24)) & 1 ? 1 : 0
    sides[side].push(actor.id)
    names[side].push(actor.name)
  }
  tell(
    `apart${how === 'silent' ? ', unnoticed' : ''}: ${names.map((n) => n.join(' ')).join(' | ')}`,
  )
  ground.network.split(sides, how)
}

function cut({ actors, ground, tell }: Stage, { device, other, how }: Of<'cut'>): void {
  const [a, b] = [at(actors, device), at(actors, other)]
  if (a === b) return
  tell(`the connection of ${a.name} and ${b.name} breaks${how === 'silent' ? ', unnoticed' : ''}`)
  ground.network.cut(a.id, b.id, how)
}

function off(stage: Stage, { do: what, device, ms }: Of<'crash' | 'restart'>): void {
  const actor = at(stage.actors, device)
  if (actor.run === undefined || (what === 'restart' && actor.node === undefined)) return
  const isCrash = what === 'crash'
  stage.tell(`${actor.name} ${isCrash ? 'loses its power' : 'is stopped'} for ${ms} ms`)
  if (isCrash) stage.crash(actor)
  const stopped = isCrash ? Promise.resolve() : stage.stop(actor)
  const onAgain = (): void => {
    stage.ground.time.at(ms, () => {
      if (actor.run !== undefined) return
      stage.tell(`${actor.name} is on again`)
      void stage.start(actor)
    })
  }
  void stopped
    .catch((error: unknown) => {
      // Its last edit may find the disk full; it has ended all the same (NODE-6).
      stage.tell(`${actor.name} stops: ${errorCode(error)}`)
      if (!isExpected(error)) stage.faults.push(`${actor.name} does not stop: ${String(error)}`)
    })
    .then(onAgain)
}

function skew(stage: Stage, { device, ms }: Of<'skew'>): void {
  const actor = at(stage.actors, device)
  actor.skew = ms
  stage.tell(`the clock of ${actor.name} is ${Math.abs(ms)} ms ${ms < 0 ? 'behind' : 'ahead'}`)
}

function full(stage: Stage, { device, ms }: Of<'full'>): void {
  const actor = at(stage.actors, device)
  actor.isFull = true
  stage.tell(`the disk of ${actor.name} is full for ${ms} ms`)
  stage.ground.time.at(ms, () => {
    actor.isFull = false
  })
}

const NEW_NAMES = ['new', 'newer', 'newest'] as const

function link(stage: Stage, { account, by }: Of<'link'>): void {
  const mine = stage.actors.filter((actor) => actor.account === account)
  const linker = at(mine, by)
  const name = NEW_NAMES[mine.filter(({ isNew }) => isNew).length]
  if (!isOn(linker) || name === undefined || mine.length >= 8) return
  const fresh = stage.add(account, name)
  stage.tell(`${linker.name} links ${fresh.name}`)
  ask(stage, linker, `${linker.name} links ${fresh.name}`, async (node) => {
    await stage.start(fresh)
    if (fresh.node === undefined) return
    await linkDevice(node, fresh.node)
    stage.tell(`${fresh.name} is linked`)
  })
}

function stand(stage: Stage, deed: Of<'unlink' | 'suspend' | 'readmit'>): void {
  const mine = stage.actors.filter((actor) => actor.account === deed.account)
  const [by, which] = [at(mine, deed.by), at(mine, deed.which)]
  // Two devices stay in, or there would be nobody to compare with.
  if (!isOn(by) || by === which || (deed.do !== 'readmit' && mine.length < 3)) return
  stage.tell(`${by.name} wants to ${deed.do} ${which.name}`)
  ask(stage, by, `${by.name} ${deed.do}s ${which.name}`, async (node) => {
    const known = (await node.devices.list()).find(({ device }) => device === which.id)
    if (known === undefined) return
    await node.devices[deed.do](which.id)
    stage.tell(`${by.name} did ${deed.do} ${which.name}`)
  })
}

function ask(
  stage: Stage,
  actor: Actor,
  what: string,
  call: (node: KithNode) => Promise<void>,
): void {
  const { node } = actor
  if (node === undefined) return
  const waiting: Call = { what, actor, since: stage.ground.time.now() }
  stage.calls.add(waiting)
  const answered = (): boolean => stage.calls.delete(waiting)
  call(node).then(answered, (error: unknown) => {
    answered()
    const code = errorCode(error)
    stage.tell(`${what}: ${code}`)
    if (!isExpected(error)) stage.faults.push(`${what}: ${String(error)}`)
  })
}

function isExpected(error: unknown): boolean {
  const code = errorCode(error)
  return (
    code.startsWith('ERR_LINK_') ||
    code.startsWith('ERR_CODE_') ||
    EXPECTED.some((one) => one === code)
  )
}

function errorCode(error: unknown): string {
  if (isKithError(error)) return error.code
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function isOn(actor: Actor): boolean {
  return actor.node?.account !== undefined
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
