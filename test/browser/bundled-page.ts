/** The smallest page that is a device: what its person would do by hand, a test does by these calls. */

import { type AccountId, createNode, type KithNode, type NodeOptions } from '@kithmesh/node'

let running: KithNode | undefined

const page = {
  /** Opens the device of a home; tells the error's code when that fails. */
  open: async (options: NodeOptions): Promise<{ device: string } | { code: unknown }> => {
    try {
      running = await createNode(options)
      return { device: running.device }
    } catch (error) {
      return { code: error instanceof Error && 'code' in error ? error.code : undefined }
    }
  },
  linkCode: async () => (await node().linking.offer()).code,
  contacts: () => node().contacts.list(),
  paths: async () => (await node().devices.list()).map(({ path }) => path),
  send: async (to: AccountId, text: string) => (await node().messages.send(to, { text })).message,
  texts: async (contact: AccountId) =>
    (await node().messages.list(contact)).map(({ text }) => text),
}

/** The calls, as a test sees them. */
export type BundledPage = typeof page

function node(): KithNode {
  if (running === undefined) throw new Error('the page has opened no device')
  return running
}

Object.assign(globalThis, { page })
