import type { KithNode, RecoveryPlan } from '@kithmesh/node'
import { expect } from 'vitest'
import type { World } from './world.ts'

/** How long a device may take to do what is waited for. */
export const WAIT = { timeout: 15_000, interval: 20 } as const

/** Where a device is reached. */
export const addressOf = (node: KithNode): string =>
  node.addresses()[0] ?? expect.fail('no address')

/** The twelve words, as a person types them. */
export const wordsOf = async (node: KithNode): Promise<string> =>
  (await node.recovery.show()).join(' ')

/** What a device shows of a chat. */
export const textsOf = async (
  node: KithNode,
  account: KithNode['account'],
): Promise<readonly string[]> =>
  (await node.messages.list(account ?? expect.fail('whose?'))).map(({ text }) => text)

/** The contact's only contact, as it sees it. */
export async function theContact(node: KithNode): ReturnType<KithNode['contacts']['rename']> {
  const [contact] = await node.contacts.list()
  return contact ?? expect.fail('no contact')
}

/** A new device that is given the words, and the plan it showed. */
export async function restore(
  world: World,
  name: string,
  given: {
    readonly words: string
    readonly from: readonly KithNode[]
    readonly keep?: readonly string[]
  },
): Promise<{ readonly node: KithNode; readonly plan: RecoveryPlan }> {
  const node = await world.newDevice(name)
  let plan: RecoveryPlan | undefined
  await node.recovery.restore(given.words, {
    from: given.from.map(addressOf),
    ...(given.keep ? { keep: given.keep } : {}),
    confirm: async (shown) => {
      plan = shown
      return true
    },
  })
  return { node, plan: plan ?? expect.fail('no plan was shown') }
}
