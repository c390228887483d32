/** The smallest page there can be: what its person would do by hand, a test does by these calls. */

import {
  type AccountId,
  createNode,
  type KithNode,
  type LinkOffer,
  type NodeOptions,
} from '@kithmesh/node'

let node: KithNode | undefined
let offer: LinkOffer | undefined

const page = {
  /** The code of the new device; the id of one that belongs to an account. */
  async open(options: NodeOptions): Promise<string> {
    node = await createNode(options).catch((error) => Promise.reject(new Error(error.code)))
    if (node.account !== undefined) return node.device
    offer = await node.linking.offer()
    return offer.code
  },
  device: () => running().device,
  send: async (to: AccountId, text: string) => {
    const { message } = await running().messages.send(to, { text })
    return message
  },
  texts: async (contact: AccountId) =>
    (await running().messages.list(contact)).map(({ text }) => text),
  contacts: () => running().contacts.list(),
  paths: async () => (await running().devices.list()).map(({ path }) => path),
}

/** The calls, as a test sees them. */
export type BundledPage = typeof page

function running(): KithNode {
  if (node === undefined) throw new Error('the page has opened no device')
  return node
}

Object.assign(globalThis, { page })
