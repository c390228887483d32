import type { Contender } from './contender.ts'

/** Every contender by the name it has in reports; a process loads only its own. */
const contenders: Readonly<Record<ContenderName, () => Promise<Contender>>> = {
  'TCP and Noise': async () => (await import('./bare-stream.ts')).bareStream,
  'raw TCP': async () => (await import('./raw-tcp.ts')).rawTcp,
  'Yjs over WebSocket': async () => (await import('./yjs-websocket.ts')).yjsWebsocket,
  hocuspocus: async () => (await import('./hocuspocus.ts')).hocuspocus,
  'hocuspocus, two clients': async () => (await import('./hocuspocus.ts')).hocuspocusClients,
  'libp2p and Yjs': async () => (await import('./libp2p-yjs.ts')).libp2pYjs,
  cojson: async () => (await import('./cojson.ts')).cojson,
  libsignal: async () => (await import('./libsignal.ts')).libsignal,
  'libsignal over a socket': async () => (await import('./libsignal-socket.ts')).libsignalSocket,
  'one stream and SQLite': async () => (await import('./sqlite-history.ts')).sqliteHistory,
  'a sealed log': async () => (await import('./sealed-log.ts')).sealedLog,
  'one snapshot': async () => (await import('./sealed-log.ts')).snapshot,
  'stock mdns': async () => (await import('./discovery.ts')).stockMdns,
  'Kithmesh, kept peers': async () => (await import('./discovery.ts')).keptPeers,
  'syncthing, two': async () => (await import('./syncthing-pair.ts')).syncthingPair,
  'bare Node': async () => (await import('./programs.ts')).bareNode,
  syncthing: async () => (await import('./programs.ts')).syncthing,
  'kith up': async () => (await import('./programs.ts')).kithUp,
  'kith-relay': async () => (await import('./programs.ts')).kithRelay,
  'syncthing-relaysrv': async () => (await import('./relaysrv.ts')).relaysrv,
  'stock libp2p relay': async () => (await import('./stock-relay.ts')).stockRelay,
  'libp2p, direct': async () => (await import('./stock-relay.ts')).stockDirect,
  coturn: async () => (await import('./coturn.ts')).coturn,
  'Kithmesh, whole connection': async () =>
    (await import('./kithmesh-relay.ts')).kithmeshConnection,
  'Kithmesh, circuit': async () => (await import('./kithmesh-relay.ts')).kithmeshCircuit,
  'Kithmesh, splice': async () => (await import('./kithmesh-relay.ts')).kithmeshSplice,
  'Kithmesh in Chromium': async () =>
    (await import('./kithmesh-in-chromium.ts')).kithmeshInChromium,
  Kithmesh: async () => (await import('./kithmesh.ts')).kithmesh,
}

/** In reports; the last is ours. */
export type ContenderName =
  | 'TCP and Noise'
  | 'raw TCP'
  | 'Yjs over WebSocket'
  | 'hocuspocus'
  | 'hocuspocus, two clients'
  | 'libp2p and Yjs'
  | 'cojson'
  | 'libsignal'
  | 'libsignal over a socket'
  | 'one stream and SQLite'
  | 'a sealed log'
  | 'one snapshot'
  | 'stock mdns'
  | 'Kithmesh, kept peers'
  | 'syncthing, two'
  | 'bare Node'
  | 'syncthing'
  | 'kith up'
  | 'kith-relay'
  | 'syncthing-relaysrv'
  | 'stock libp2p relay'
  | 'libp2p, direct'
  | 'coturn'
  | 'Kithmesh, whole connection'
  | 'Kithmesh, circuit'
  | 'Kithmesh, splice'
  | 'Kithmesh in Chromium'
  | 'Kithmesh'

/** The one the bars are for. */
export const OURS: ContenderName = 'Kithmesh'

/** @throws Error for a name that is none */
export function contenderNamed(text: string): Promise<Contender> {
  for (const [name, load] of Object.entries(contenders)) if (name === text) return load()
  throw new Error(`no contender is called ${text}`)
}
