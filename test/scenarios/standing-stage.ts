import type { AccountId, DeviceId, KithNode, NodeEvents } from '@kithmesh/node'
import { expect } from 'vitest'
import { createWorld, type World } from './world.ts'

/** How long a device may take to do what is waited for. */
export const WAIT = { timeout: 10_000, interval: 10 } as const

function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

/** How a device is out, by its own word. */
export async function leftOf(node: KithNode): Promise<string | undefined> {
  return (await node.status()).left?.reason
}

/** How a device stands, as another sees it. */
export async function stateOf(node: KithNode, device: DeviceId): Promise<string | undefined> {
  return (await node.devices.list()).find((one) => one.device === device)?.state
}

/** What a device shows of a chat. */
export async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text)
}

/** How many devices a contact has, as a device sees it. */
export async function devicesAt(node: KithNode, contact: AccountId): Promise<number | undefined> {
  return (await node.contacts.list()).find((one) => one.contact === contact)?.devices
}

/** What a device tells by one kind of event, from now on. */
export function heard<K extends keyof NodeEvents>(node: KithNode, type: K): NodeEvents[K][] {
  const told: NodeEvents[K][] = []
  node.addEventListener(type, ({ detail }) => told.push(detail))
  return told
}

/** The error code of a call that must fail, and whether it says what to do. */
export async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'nothing was refused',
    (error: { code?: string; hint?: string }) => `${error.code}${error.hint ? ' +hint' : ''}`,
  )
}

/** Ada with a phone (the first), a laptop and a desk; Ben with a tablet; all of them know each other. */
export async function stage(): Promise<{
  readonly world: World
  readonly phone: KithNode
  readonly laptop: KithNode
  readonly desk: KithNode
  readonly ben: KithNode
  readonly ada: AccountId
  readonly toBen: AccountId
  [Symbol.asyncDispose](): Promise<void>
}> {
  const world = await createWorld({ ada: ['phone', 'laptop', 'desk'], ben: ['tablet'] })
  const [phone, laptop] = [world.device('ada', 'phone'), world.device('ada', 'laptop')]
  const [desk, ben] = [world.device('ada', 'desk'), world.device('ben', 'tablet')]
  await world.acquaint(phone, ben)
  const [ada, toBen] = [accountOf(phone), accountOf(ben)]
  for (const device of [phone, laptop, desk]) {
    await expect.poll(() => devicesAt(device, toBen), WAIT).toBe(1)
  }
  await expect.poll(() => devicesAt(ben, ada), WAIT).toBe(3)
  const dispose = async (): Promise<void> => world[Symbol.asyncDispose]()
  return { world, phone, laptop, desk, ben, ada, toBen, [Symbol.asyncDispose]: dispose }
}
