import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import {
  createNet,
  type FrameStream,
  type Net,
  type NetProtocol,
  peerOfPublicKey,
} from '@kithmesh/net'
import { identify } from '@libp2p/identify'
import type { Libp2p, PeerInfo } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { now } from '../clock.ts'
import type { Contender, Pipe } from './contender.ts'
import { streamPipe } from './pipes.ts'
import { freePort } from './port.ts'

const PROTOCOL = '/bench/pipe/1'

/** Peers of libp2p that find each other by its multicast DNS; any peer that is found is the one. */
export const stockMdns: Contender = {
  receiver: () => ({
    start: async (_options, taken) => {
      const peer = await mdnsPeer()
      await peer.handle(PROTOCOL, (stream) => taken(streamPipe(stream)))
      return ''
    },
  }),
  sender: () => ({
    warm: async () => {
      const peer = await mdnsPeer()
      await peer.stop()
    },
    start: async () => {
      const peer = await mdnsPeer()
      const found = await new Promise<PeerInfo>((resolve) => {
        peer.addEventListener('peer:discovery', ({ detail }) => resolve(detail), { once: true })
      })
      return streamPipe(await peer.dialProtocol(found.id, PROTOCOL))
    },
  }),
}

function mdnsPeer(): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: [`/ip4/${ownAddress()}/tcp/0`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    peerDiscovery: [mdns()],
    services: { identify: identify() },
  })
}

/** The first address of this machine that others on its network see. @throws Error without one */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (found === undefined) throw new Error('this machine has no network')
  return found.address
}

/** Two devices that keep each other, as siblings do. */
export const keptPeers: Contender = {
  receiver: () => ({
    start: async (_options, taken) => {
      const [own, other] = [newKey(), newKey()]
      const lanPort = await freePort()
      const net = await openNet(own, lanPort)
      net.handle(ECHO, (stream) => answer(stream, taken))
      net.keep([peerOf(other)])
      const where: Where = { lanPort, peer: net.peer, key: toPem(other) }
      return JSON.stringify(where)
    },
  }),
  sender: () => ({
    warm: async () => {
      const net = await openNet(newKey(), await freePort())
      await net.stop()
    },
    start: async ({ where }) => {
      const { lanPort, peer, key }: Where = JSON.parse(where)
      const net = await openNet(createPrivateKey(key), lanPort)
      net.keep([peer])
      await connectedTo(net, peer)
      return framePipe(await net.open(peer, ECHO))
    },
  }),
}

interface Where {
  readonly lanPort: number
  readonly peer: string
  /** Of the device that will be started, so that the one that waits can keep it. */
  readonly key: string
}

const ECHO: NetProtocol = { id: PROTOCOL, maxFrameBytes: 64 * 1024, maxStreamsPerPeer: 4 }

function openNet(key: KeyObject, lanPort: number): Promise<Net> {
  return createNet({
    identity: {
      publicKey: rawOf(key),
      sign: async (bytes) => Uint8Array.from(sign(null, bytes, key)),
    },
    listen: ['/ip4/0.0.0.0/tcp/0'],
    lanPort,
    clock: { now: () => Date.now(), monotonic: now },
    rng: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  })
}

async function connectedTo(net: Net, peer: string): Promise<void> {
  if (net.connected().includes(peer)) return
  await new Promise<void>((resolve) => {
    net.addEventListener('peer:connected', ({ detail }) => {
      if (detail.peer === peer) resolve()
    })
  })
}

/** Takes the stream until it ends. */
function answer(stream: FrameStream, taken: (pipe: Pipe) => void): Promise<void> {
  taken(framePipe(stream))
  return new Promise(() => undefined)
}

function framePipe(stream: FrameStream): Pipe {
  let sending: Promise<void> = Promise.resolve()
  return {
    write: (bytes) => {
      sending = stream.send(bytes)
      return false
    },
    drained: () => sending,
    onBytes: async (listener) => {
      for await (const frame of stream.incoming) listener(frame)
    },
    stopReading: () => undefined,
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey
}

function rawOf(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return Uint8Array.from(Buffer.from(x ?? '', 'base64url'))
}

function peerOf(key: KeyObject): string {
  return peerOfPublicKey(rawOf(key))
}

function toPem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }))
}
