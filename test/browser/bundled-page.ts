/** The smallest page that is a device: what its person would do by hand, a test does by these calls. */

import {
  type AccountId,
  createNode,
  eraseHome,
  type KithNode,
  type NodeOptions,
} from '@kithmesh/node'

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
  label: async (name: string) => (await node().labels.create(name)).label,
  labels: async () => (await node().labels.list()).map(({ name }) => name),
  stop: () => node().stop(),
  erase: (home: string) => eraseHome(home),
  stored: storedHere,
}

/** Names of everything that stands in the storages of this page's origin, whoever put it there. */
async function storedHere(): Promise<readonly string[]> {
  const databases = await indexedDB.databases()
  const folder = await navigator.storage.getDirectory()
  const files: string[] = []
  for await (const name of folder.keys()) files.push(name)
  const workers = await navigator.serviceWorker.getRegistrations()
  return [
    ...databases.map(({ name }) => `database ${name}`),
    ...Object.keys(localStorage).map((key) => `local ${key}`),
    ...Object.keys(sessionStorage).map((key) => `session ${key}`),
    ...(await caches.keys()).map((key) => `cache ${key}`),
    ...files.map((name) => `file ${name}`),
    ...workers.map(({ scope }) => `worker ${scope}`),
    ...(document.cookie === '' ? [] : [`cookie ${document.cookie}`]),
  ]
}

/** The calls, as a test sees them. */
export type BundledPage = typeof page

function node(): KithNode {
  if (running === undefined) throw new Error('the page has opened no device')
  return running
}

Object.assign(globalThis, { page })
