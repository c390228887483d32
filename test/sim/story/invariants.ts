/** What must hold once everybody is on, together and quiet. Each finding is a sentence. */

import type { Message } from '@kithmesh/node'
import { type Finding, INVARIANTS, type Invariant } from './invariant-names.ts'
import type { Actor, Stage } from './stage.ts'
import { type View, viewsOf } from './views.ts'

const [ANSWERED, MEMBERS, EVERYWHERE, ONCE, ORDER, DATA, DELIVERED, REMOVED, LOSSLESS] = INVARIANTS

/** What is known of the whole world while it is checked. */
interface Case {
  readonly stage: Stage
  readonly views: readonly View[]
  /** Devices that are in by the log and cannot be met: off for good, or half linked. */
  readonly absent: readonly Actor[]
  find(invariant: Invariant, how: string): void
}

/** Everything that does not hold now. */
export async function check(stage: Stage): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const views = await viewsOf(stage)
  const taken = new Set(views.flatMap(({ active }) => active))
  const absent = stage.actors.filter(
    ({ name }) => taken.has(name) && !views.some(({ actor }) => actor.name === name),
  )
  const find = (invariant: Invariant, how: string): void => void findings.push({ invariant, how })
  const all: Case = { stage, views, absent: absent.filter(mayBeAbsent), find }
  for (const fault of stage.faults) find(ANSWERED, fault)
  for (const account of stage.accounts.keys()) checkAccount(all, account)
  for (const view of views) checkChats(all, view)
  for (const actor of stage.actors) checkAppeared(all, actor)
  return findings
}

/** Linking may break off after the log took the device in; it stays so until a person unlinks it. */
function mayBeAbsent({ isGone, isNew, node }: Actor): boolean {
  return isGone || (isNew && node?.account === undefined)
}

/** Devices of one account agree about who is in and about what they share. */
function checkAccount({ stage, views, absent, find }: Case, account: number): void {
  const mine = views.filter(({ actor }) => actor.account === account)
  const [first] = mine
  if (first === undefined) return find(MEMBERS, `nobody of ${stage.accounts[account]?.name} is in`)
  const missing = absent.filter((actor) => actor.account === account)
  const members = [...mine.map(({ actor }) => actor), ...missing].map(({ name }) => name).sort()
  for (const { actor, active, shared, alerts, pending, gaps } of mine) {
    const { name } = actor
    if (active.join() !== members.join()) find(MEMBERS, `${name} takes for in: ${active.join(' ')}`)
    if (shared !== first.shared) {
      find(DATA, `${name} has ${shared}\n    ${first.actor.name} has ${first.shared}`)
    }
    if (alerts > 0) find(LOSSLESS, `${name} shows ${alerts} alerts of a cloned device`)
    const isWhole = views.length === stage.actors.length
    if (gaps > 0 && isWhole) find(LOSSLESS, `${name} shows ${gaps} gaps`)
    if (pending > 0 && absent.length === 0) find(DELIVERED, `${pending} still wait on ${name}`)
  }
}

function checkChats(all: Case, view: View): void {
  const { stage, views, find } = all
  const { name, account } = view.actor
  for (const [other, messages] of view.chats) {
    const texts = messages.map(({ text }) => text)
    if (new Set(texts).size < texts.length) find(ONCE, `twice in the chat of ${name}`)
    checkOrder(all, name, messages)
    for (const { by, to, text, state } of stage.sent) {
      const isOfChat =
        (by.account === account && to === other) || (by.account === other && to === account)
      const isIn = views.some(({ actor }) => actor === by)
      if (isOfChat && isIn && state === 'accepted' && !texts.includes(text)) {
        find(EVERYWHERE, `"${text}" is not on ${name}`)
      }
    }
    for (const twin of views) {
      if (twin === view) continue
      if (twin.actor.account === account) checkSibling(all, { view, twin, other })
      if (twin.actor.account === other) checkRecipient(all, { view, twin, messages })
    }
    checkDelivery(all, view, other)
  }
}

/** Own devices show the same messages of a chat, in the same order. */
function checkSibling(
  { find }: Case,
  { view, twin, other }: { readonly view: View; readonly twin: View; readonly other: number },
): void {
  const [mine, theirs] = [view, twin].map(({ chats }) =>
    (chats.get(other) ?? []).map(({ text }) => text).join(', '),
  )
  if (mine === theirs) return
  const [a, b] = [mine, theirs].map((texts) => texts?.split(', ').sort().join(', '))
  const invariant = a === b ? ORDER : EVERYWHERE
  find(invariant, `${view.actor.name} shows ${mine}\n    ${twin.actor.name} shows ${theirs}`)
}

/**
 * What an account wrote and one of its devices has, every device of the recipient has, whoever of the account
 * is still there to hand it over (DEL-24). What a device wrote that is out now may be gone with it.
 */
function checkRecipient(
  { views, absent, stage, find }: Case,
  parts: { readonly view: View; readonly twin: View; readonly messages: readonly Message[] },
): void {
  const { view, twin, messages } = parts
  const members = new Set([...views.map(({ actor }) => actor), ...absent].map(({ id }) => id))
  const there = new Set(twin.chats.get(view.actor.account)?.map(({ message }) => message))
  for (const { message, device, text, from } of messages) {
    if (!from.self || !members.has(device) || there.has(message)) continue
    const by = stage.actors.find(({ id }) => id === device)?.name
    find(EVERYWHERE, `"${text}" by ${by} is on ${view.actor.name} and not on ${twin.actor.name}`)
  }
}

/** Each device of the writer's account knows whom it has reached: all but those that cannot be met (DEL-13). */
function checkDelivery(
  { stage, views, absent, find }: Case,
  { actor, chats }: View,
  other: number,
): void {
  const away = stage.actors.filter((one) => one.account === other && absent.includes(one)).length
  for (const { device, text, delivery } of chats.get(other) ?? []) {
    const isOfMember = views.some((view) => view.actor.id === device)
    if (!isOfMember || !delivery) continue
    const { reached, of, waiting, read } = delivery
    if (reached < of - away) find(DELIVERED, `${actor.name} shows "${text}" on ${reached} of ${of}`)
    else if (waiting && away === 0) find(DELIVERED, `${actor.name}, of "${text}": ${waiting.text}`)
    const reader = stage.read.get(text)
    if (reader && !read && views.some((view) => view.actor === reader)) {
      find(DELIVERED, `${actor.name} does not know that ${reader.name} has read "${text}"`)
    }
  }
}

function checkOrder({ find }: Case, name: string, messages: readonly Message[]): void {
  const last = new Map<string, number>()
  for (const { text } of messages) {
    const [author = '', number = ''] = text.split(' ')
    const before = last.get(author) ?? 0
    if (before >= Number(number))
      find(ORDER, `${name} shows "${text}" behind "${author} ${before}"`)
    last.set(author, Number(number))
  }
}

/** What a person saw appear: each message once, and nothing on a device its writer knew to be out. */
function checkAppeared({ stage, find }: Case, actor: Actor): void {
  for (const [text, times] of actor.appeared) {
    if (times > 1) find(ONCE, `"${text}" appeared ${times} times on ${actor.name}`)
    const sent = stage.sent.find((one) => one.text === text)
    if (sent?.out.has(actor.id)) {
      find(REMOVED, `"${text}" appeared on ${actor.name}, which ${sent.by.name} knew to be out`)
    }
  }
}
