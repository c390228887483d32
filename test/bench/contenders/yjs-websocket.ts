import { type RawData, WebSocket, WebSocketServer } from 'ws'
import * as Y from 'yjs'
import type { Contender, Origin, Sibling } from './contender.ts'
import { portOf } from './port.ts'
import { edit, fill, watch } from './yjs-document.ts'

/** Yjs alone over a plain WebSocket: a state vector goes, what it lacks comes, then every update. */
export const yjsWebsocket: Contender = { origin, sibling }

function origin(): Origin {
  const doc = new Y.Doc()
  let held = 0
  return {
    start: ({ records }) => {
      held = records
      fill(doc, records)
      return serve(doc)
    },
    edit: (n) => edit(doc, n, held),
  }
}

function sibling(): Sibling {
  const doc = new Y.Doc()
  return {
    start: async ({ where }, sights) => {
      watch(doc, sights)
      const socket = new WebSocket(`ws://127.0.0.1:${where}`)
      socket.on('open', () => socket.send(Y.encodeStateVector(doc)))
      socket.on('message', (update) => Y.applyUpdate(doc, toBytes(update)))
    },
  }
}

function serve(doc: Y.Doc): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  server.on('connection', (socket) => {
    socket.once('message', (stateVector) => {
      socket.send(Y.encodeStateAsUpdate(doc, toBytes(stateVector)))
      doc.on('update', (update: Uint8Array) => socket.send(update))
    })
  })
  return new Promise((resolve) => {
    server.on('listening', () => resolve(String(portOf(server.address()))))
  })
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return new Uint8Array(data instanceof ArrayBuffer ? data : data)
}
