/** What each device shows once everything is quiet. */

import type { AccountId, KithNode, Message } from '@kithmesh/node'
import type { Actor, Stage } from './stage.ts'

/** A device that is in and on, as it shows itself. */
export interface View {
  readonly actor: Actor
  /** Names of the devices it takes for in. */
  readonly active: readonly string[]
  readonly pending: number
  /** By the account the chat is with. */
  readonly chats: ReadonlyMap<number, readonly Message[]>
  /** Everything the account's devices share, in a form to compare. */
  readonly shared: string
  /** Holes in what a contact wrote. */
  readonly gaps: number
  readonly alerts: number
}

/** Every device that is in and on. */
export async function viewsOf(stage: Stage): Promise<readonly View[]> {
  const views: View[] = []
  for (const actor of stage.actors) {
    const view = actor.node && (await viewOf(stage, actor, actor.node))
    if (view) views.push(view)
  }
  return views
}

async function viewOf(stage: Stage, actor: Actor, node: KithNode): Promise<View | undefined> {
  if (node.account === undefined) return undefined
  const status = await node.status()
  if (status.left !== undefined) return undefined
  const contacts = await node.contacts.list()
  const chats = new Map<number, readonly Message[]>()
  let gaps = 0
  for (const [index, { account }] of stage.accounts.entries()) {
    if (!contacts.some(({ contact }) => contact === account)) continue
    chats.set(index, await node.messages.list(account))
    gaps += (await node.messages.gaps(account)).length
  }
  const devices = await node.devices.list()
  return {
    actor,
    active: devices
      .filter(({ state }) => state === 'active')
      .map(({ device }) => nameOf(stage, device))
      .sort(),
    pending: status.pending,
    chats,
    shared: await sharedOf(node, contacts),
    gaps,
    alerts: (await node.devices.alerts()).length,
  }
}

function nameOf({ actors }: Stage, device: string): string {
  return actors.find(({ id }) => id === device)?.name ?? device
}

async function sharedOf(
  node: KithNode,
  contacts: readonly { readonly contact: AccountId; readonly name: string }[],
): Promise<string> {
  const starred = (await node.starred.list()).map(({ text }) => text).sort()
  const people: string[] = []
  for (const { contact, name } of contacts) {
    people.push(`${name} with ${await node.messages.unread(contact)} unread`)
  }
  return `contacts ${people.sort().join(', ')}; stars ${starred.join(', ')}`
}
