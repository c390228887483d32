import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  createHost,
  encodeFrame,
  firstFrame,
  type Host,
  type HostOptions,
  SPLICE_PROTOCOL,
  type SpliceMessage,
  spliceMessageCodec,
  spliceStatus,
} from '@kithmesh/net'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { relayServer } from './bare-stream.ts'
import type { Contender, Pipe, Receiver, Sender } from './contender.ts'
import { socketPipe, streamPipe } from './pipes.ts'

/** Raw sockets at both ends of a splice: what syncthing-relaysrv is measured by. */
export const kithmeshSplice: Contender = {
  server: relayServer,
  receiver: rawReceiver,
  sender: rawSender,
}

/** Whole connections of libp2p, Noise and yamux between the devices, over a splice. */
export const kithmeshConnection: Contender = {
  server: relayServer,
  receiver: () => receiver({}),
  sender: () => sender({}),
}

/** The same over a circuit, as to a device that knows no splices. */
export const kithmeshCircuit: Contender = {
  server: relayServer,
  receiver: () => receiver({ splice: false }),
  sender: () => sender({ splice: false }),
}

const PROTOCOL = '/bench/pipe/1'

function receiver(options: Partial<HostOptions>): Receiver {
  return {
    start: async ({ where }, taken) => {
      const host = await open(options)
      await host.handle(PROTOCOL, (stream) => taken(streamPipe(stream)))
      await reserve(host, where)
      return `${where}/p2p-circuit/p2p/${host.peerId}`
    },
  }
}

function sender(options: Partial<HostOptions>): Sender {
  return {
    start: async ({ where }) => {
      const host = await open(options)
      const connection = await host.services.transports.dial(multiaddr(where), { signal: soon() })
      return streamPipe(await connection.newStream(PROTOCOL))
    },
  }
}

function rawReceiver(): Receiver {
  return {
    start: async ({ where }, taken) => {
      const host = await open({ splice: false })
      await host.handle(SPLICE_PROTOCOL, async (stream) => {
        const invite = await readSplice(stream)
        if (invite.kind !== 'invite') return stream.abort(new Error('no invitation'))
        say(stream, spliceStatus(100))
        taken(await present(where, invite.ticket))
      })
      await reserve(host, where)
      return JSON.stringify({
        relay: where,
        peer: Buffer.from(host.peerId.toMultihash().bytes).toString('hex'),
      })
    },
  }
}

function rawSender(): Sender {
  return {
    start: async ({ where }) => {
      const { relay, peer }: { relay: string; peer: string } = JSON.parse(where)
      const host = await open({ splice: false })
      const connection = await host.dial(multiaddr(relay))
      const stream = await connection.newStream(SPLICE_PROTOCOL)
      const question = { kind: 'connect', peer: Uint8Array.from(Buffer.from(peer, 'hex')) } as const
      say(stream, spliceMessageCodec.encode(question))
      const answer = await readSplice(stream)
      if (answer.kind !== 'status' || answer.granted === undefined) throw new Error('refused')
      return present(relay, answer.granted.ticket)
    },
  }
}

/** A socket that is the other device's from its first byte on. */
async function present(relay: string, ticket: Uint8Array): Promise<Pipe> {
  const socket = connect(Number(/\/tcp\/(\d+)/.exec(relay)?.[1]), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(Buffer.concat([Buffer.from('KITH-SPLICE/1\n'), ticket]))
  await joined(socket)
  return socketPipe(socket)
}

async function joined(socket: Socket): Promise<void> {
  while (socket.read(1) === null) await once(socket, 'readable')
}

const MAX_MESSAGE_BYTES = 4_096

function say(stream: Stream, message: Uint8Array): void {
  stream.send(encodeFrame(message, MAX_MESSAGE_BYTES))
}

function readSplice(stream: Stream): Promise<SpliceMessage> {
  let held = new Uint8Array(0)
  return new Promise((resolve) => {
    stream.addEventListener('message', ({ data }) => {
      held = Uint8Array.from([...held, ...data.subarray()])
      const read = firstFrame(held, MAX_MESSAGE_BYTES)
      if (read !== undefined) resolve(spliceMessageCodec.decode(read.frame))
    })
  })
}

async function reserve(host: Host, relay: string): Promise<void> {
  const connection = await host.dial(multiaddr(relay))
  await host.services.circuit?.reserve(connection)
}

function open(options: Partial<HostOptions>): Promise<Host> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'jwk' })
  return createHost({
    identity: {
      publicKey: Uint8Array.from(Buffer.from(raw.x ?? '', 'base64url')),
      sign: async (bytes) => Uint8Array.from(sign(null, bytes, privateKey)),
    },
    webrtc: false,
    ...options,
  })
}

const soon = (): AbortSignal => AbortSignal.timeout(20_000)
