import type { AccountId, KithNode } from '@kithmesh/node'
import type { MessageId } from '@kithmesh/protocol'
import { nodePlatform } from '../../packages/node/src/platform.node.ts'
import { openStore } from '../../packages/node/src/store/store.ts'
import { openTables } from '../../packages/node/src/tables.ts'
import type { World } from './world.ts'

/** A device in a world, by whose it is and its name. */
export interface Place {
  readonly person: string
  readonly name: string
}

/**
 * Stops a device and takes contents off its disk, as a disk does that loses some of what it was given. The
 * numbers go as well, or stay as a trace of what was there.
 */
export async function loseContents(
  world: World,
  { person, name }: Place,
  lost: { readonly messages: readonly MessageId[]; readonly numbersToo: boolean },
): Promise<void> {
  const device = world.device(person, name)
  await world.stop(device)
  const { home } = await world.backUp(person, name)
  const store = await openStore({ home, platform: nodePlatform }, nodePlatform)
  const tables = openTables(store)
  for (const message of lost.messages) {
    const place = await tables.contentPlaces.get(message)
    if (!place) throw new Error('it was there')
    await store.commit([
      tables.contents.delete([place.chat, place.at, message]),
      tables.contentPlaces.delete(message),
    ])
  }
  for await (const [key, { message }] of tables.numbers.entries()) {
    if (lost.numbersToo && lost.messages.includes(message)) {
      await store.commit([tables.numbers.delete(key)])
    }
  }
  await store.close()
}

/** The account of a device that has one. */
export function accountOf(node: KithNode): AccountId {
  if (!node.account) throw new Error('no account yet')
  return node.account
}

/** Texts of the history with a contact, oldest first. */
export async function textsOf(node: KithNode, contact: AccountId): Promise<readonly string[]> {
  return (await node.messages.list(contact)).map(({ text }) => text)
}
