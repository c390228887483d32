import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Server } from '@hocuspocus/server'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import type { Contender, Origin, Server as ServerRole, Sibling } from './contender.ts'
import { edit, fill, watch } from './yjs-document.ts'

/**
 * The edit is made inside the server's own process and goes one hop: hocuspocus at its best, and what the bars are set
 * against. Nothing is encrypted, signed or kept on disk.
 */
export const hocuspocus: Contender = { origin: serverOrigin, sibling }

/** As a person would have it: two clients and a server between them. */
export const hocuspocusClients: Contender = { server, origin: clientOrigin, sibling }

const DOCUMENT = 'account'

function serverOrigin(): Origin {
  let document: Y.Doc | undefined
  let held = 0
  return {
    start: async ({ records }) => {
      held = records
      const running = await listen()
      const connection = await running.hocuspocus.openDirectConnection(DOCUMENT)
      await connection.transact((doc) => fill(doc, records))
      document = connection.document ?? undefined
      return String(running.address.port)
    },
    edit: (n) => document && edit(document, n, held),
  }
}

function server(): ServerRole {
  return {
    start: async ({ records }) => {
      const running = await listen()
      const connection = await running.hocuspocus.openDirectConnection(DOCUMENT)
      await connection.transact((doc) => fill(doc, records))
      return String(running.address.port)
    },
  }
}

function clientOrigin(): Origin {
  const doc = new Y.Doc()
  let held = 0
  return {
    start: async ({ where, records }) => {
      held = records
      await new Promise<void>((resolve) => join(where, doc, resolve))
      return where
    },
    edit: (n) => edit(doc, n, held),
  }
}

function sibling(): Sibling {
  const doc = new Y.Doc()
  return {
    start: async ({ where }, sights) => {
      watch(doc, sights)
      join(where, doc, () => undefined)
    },
  }
}

async function listen(): Promise<Server> {
  const running = new Server({ port: 0, address: '127.0.0.1', quiet: true, stopOnSignals: false })
  await running.listen()
  return running
}

function join(port: string, document: Y.Doc, synced: () => void): void {
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `ws://127.0.0.1:${port}`,
    WebSocketPolyfill: WebSocket,
  })
  const provider = new HocuspocusProvider({
    websocketProvider,
    name: DOCUMENT,
    document,
    onSynced: synced,
  })
  provider.attach()
}
