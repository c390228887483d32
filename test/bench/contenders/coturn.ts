import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type DataChannel, type DescriptionType, PeerConnection } from 'node-datachannel'
import { costOf } from '../proc.ts'
import type { Contender, Pipe, Program, Receiver, Sender, Server, Start } from './contender.ts'
import { answering, freePort, portOf } from './port.ts'

/** What a browser uses where it finds no other way: WebRTC over a TURN server, coturn as Debian has it. */
export const coturn: Contender = { server, receiver, sender, program }

const PROGRAM = 'turnserver'
const USER = 'u'
const PASSWORD = 'p'

function server(): Server {
  let pid = 0
  return {
    start: async ({ home }) => {
      const port = await freePort()
      const stdio = ['ignore', 'pipe', 'ignore'] as const
      const child = spawn(PROGRAM, argsOf(port, home), { stdio: [...stdio] })
      process.once('exit', () => child.kill())
      await once(child.stdout, 'data')
      child.stdout.resume()
      pid = child.pid ?? 0
      return String(port)
    },
    cost: () => costOf(pid),
  }
}

function program(): Program {
  return {
    prepare: async (home) => {
      const port = await freePort()
      return { file: PROGRAM, args: argsOf(port, home), ready: () => answering(port) }
    },
  }
}

function argsOf(port: number, home: string): readonly string[] {
  return [
    ...['-n', '--lt-cred-mech', `--user=${USER}:${PASSWORD}`, '--realm=r'],
    ...['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`],
    ...['--no-tls', '--no-dtls', '--no-cli', '--allow-loopback-peers', '--log-file=stdout'],
    ...Object.values(ENDS).map((address) => `--denied-peer-ip=${address}`),
    ...[`--pidfile=${join(home, 'pid')}`, `--userdb=${join(home, 'db')}`],
  ]
}

/**
 * Where each end has its socket. The server takes nothing for them but from each other's places on it: else they would
 * hear of these addresses by it, and go past it.
 */
const ENDS = { receiver: '127.0.0.2', sender: '127.0.0.3' } as const

/** Both ends exchange what WebRTC needs over a socket of their own. */
function receiver(): Receiver {
  return {
    start: async ({ where }, taken) => {
      const signals = createServer((socket) => {
        const peer = openPeer('receiver', where, socket)
        peer.onDataChannel((channel) => taken(channelPipe(channel)))
      })
      signals.listen(0, '127.0.0.1')
      await once(signals, 'listening')
      return JSON.stringify({ turn: where, port: portOf(signals.address()) })
    },
  }
}

function sender(): Sender {
  return {
    start: async ({ where }: Start) => {
      const { turn, port }: { turn: string; port: number } = JSON.parse(where)
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      const peer = openPeer('sender', turn, socket)
      const channel = peer.createDataChannel('pipe')
      await new Promise<void>((resolve) => channel.onOpen(resolve))
      return channelPipe(channel)
    },
  }
}

/** Peers stay reachable from here, or the collector closes them. */
const peers: PeerConnection[] = []

function openPeer(name: keyof typeof ENDS, turn: string, signals: Socket): PeerConnection {
  const peer = new PeerConnection(name, {
    iceServers: [
      {
        hostname: '127.0.0.1',
        port: Number(turn),
        username: USER,
        password: PASSWORD,
        relayType: 'TurnUdp',
      },
    ],
    iceTransportPolicy: 'relay',
    bindAddress: ENDS[name],
    maxMessageSize: 256 * 1024,
  })
  peers.push(peer)
  const tell = (signal: Signal): void => void signals.write(`${JSON.stringify(signal)}\n`)
  peer.onLocalDescription((sdp, type) => tell({ sdp: relayedOnly(sdp), type }))
  peer.onLocalCandidate((candidate, mid) => {
    if (candidate.includes('typ relay')) tell({ candidate, mid })
  })
  readLines(signals, (line) => {
    const signal: Signal = JSON.parse(line)
    if ('sdp' in signal) peer.setRemoteDescription(signal.sdp, signal.type)
    else peer.addRemoteCandidate(signal.candidate, signal.mid)
  })
  return peer
}

type Signal =
  | { readonly sdp: string; readonly type: DescriptionType }
  | { readonly candidate: string; readonly mid: string }

/** libjuice offers its own addresses whatever the policy says: on one machine everything would go past the server. */
function relayedOnly(sdp: string): string {
  const lines = sdp.split('\r\n')
  return lines
    .filter((line) => !line.startsWith('a=candidate') || line.includes('typ relay'))
    .join('\r\n')
}

function readLines(socket: Socket, read: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) read(line)
  })
}

const HIGH_WATER_BYTES = 4 * 1024 * 1024
const LOW_WATER_BYTES = 1024 * 1024

function channelPipe(channel: DataChannel): Pipe {
  let low: () => void = () => undefined
  channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES)
  channel.onBufferedAmountLow(() => low())
  return {
    write: (bytes) => {
      channel.sendMessageBinary(Buffer.from(bytes))
      return channel.bufferedAmount() < HIGH_WATER_BYTES
    },
    drained: () =>
      new Promise((resolve) => {
        low = resolve
        if (channel.bufferedAmount() <= LOW_WATER_BYTES) resolve()
      }),
    onBytes: (listener) =>
      channel.onMessage((bytes) => {
        if (typeof bytes !== 'string') listener(new Uint8Array(bytes))
      }),
    stopReading: () => undefined,
  }
}
