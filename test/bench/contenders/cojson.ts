import { type AgentSecret, LocalNode, type Peer, type RawAccountID, type RawCoMap } from 'cojson'
import { NapiCrypto } from 'cojson/crypto/NapiCrypto'
import { createWebSocketPeer } from 'cojson-transport-ws'
import { WebSocket, WebSocketServer } from 'ws'
import { type Contender, editedKey, type Origin, recordKey, type Sibling } from './contender.ts'
import { portOf } from './port.ts'

/**
 * The core of Jazz: maps of an account that are encrypted and signed, merged and sent over a WebSocket, on native code.
 * Of all peers it does most of what ours does; nothing is kept on disk.
 */
export const cojson: Contender = { origin, sibling }

/** What a sibling needs to be a second device of the same account. */
interface Place {
  readonly port: number
  readonly map: RawCoMap['id']
  readonly accountID: RawAccountID
  readonly accountSecret: AgentSecret
}

function origin(): Origin {
  let map: RawCoMap | undefined
  let held = 0
  return {
    start: async ({ records }) => {
      held = records
      const crypto = await NapiCrypto.create()
      const { node, accountID, accountSecret } = await LocalNode.withNewlyCreatedAccount({
        creationProps: { name: 'account' },
        crypto,
      })
      map = node.createGroup().createMap()
      for (let index = 0; index < records; index++) map.set(recordKey(index), 0)
      const port = await serve((peer) => node.syncManager.addPeer(peer))
      return JSON.stringify({ port, map: map.id, accountID, accountSecret } satisfies Place)
    },
    edit: (n) => map?.set(editedKey(n, held), n),
  }
}

function sibling(): Sibling {
  return {
    start: async ({ where }, sights) => {
      const place: Place = JSON.parse(where)
      const websocket = new WebSocket(`ws://127.0.0.1:${place.port}`)
      await new Promise((resolve) => websocket.on('open', resolve))
      const peer = createWebSocketPeer({ id: 'origin', websocket, role: 'server', ...QUIET })
      const map = await load(place, peer)
      const valuesByKey = new Map<string, number>()
      const tell = (current: RawCoMap): void => {
        for (const [key, value] of changed(current, valuesByKey)) {
          if (value === 0) sights.record(key)
          else sights.edit(value)
        }
      }
      tell(map)
      map.subscribe(tell)
    },
  }
}

/** It tells that a map changed and not where. */
function changed(
  map: RawCoMap,
  known: Map<string, number>,
): readonly (readonly [string, number])[] {
  const found: (readonly [string, number])[] = []
  for (const key of map.keys()) {
    const value = Number(map.get(key))
    if (known.get(key) === value) continue
    known.set(key, value)
    found.push([key, value])
  }
  return found
}

async function load({ accountID, accountSecret, map }: Place, peer: Peer): Promise<RawCoMap> {
  const crypto = await NapiCrypto.create()
  const node = await LocalNode.withLoadedAccount({
    accountID,
    accountSecret,
    sessionID: crypto.newRandomSessionID(accountID),
    peers: [peer],
    crypto,
  })
  const loaded = await node.load(map)
  if (loaded === 'unavailable') throw new Error('the map is not there')
  return loaded
}

function serve(connected: (peer: Peer) => void): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  let clients = 0
  server.on('connection', (websocket) => {
    const id = `client ${clients++}`
    connected(createWebSocketPeer({ id, websocket, role: 'client', ...QUIET }))
  })
  return new Promise((resolve) => {
    server.on('listening', () => resolve(portOf(server.address())))
  })
}

/** As its own server has it; only that nobody pings here. */
const QUIET = { expectPings: false, batchingByDefault: true } as const
