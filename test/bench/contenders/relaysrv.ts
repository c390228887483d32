import { spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { createCertificate } from '@kithmesh/net'
import { now } from '../clock.ts'
import { costOf } from '../proc.ts'
import type { Contender, Pipe, Program, Receiver, Sender, Server } from './contender.ts'
import { socketPipe } from './pipes.ts'
import { answering, freePort } from './port.ts'

/**
 * The relay of Syncthing as Debian has it. Devices ask over TLS and are given a key; two sockets that present it are
 * joined, and carry raw bytes (https://docs.syncthing.net/specs/relay-v1.html). TLS between the devices is not timed.
 */
export const relaysrv: Contender = { server, receiver, sender, program }

const PROGRAM = 'strelaysrv'

function server(): Server {
  let pid = 0
  return {
    start: async ({ home }) => {
      const port = await freePort()
      const child = spawn(PROGRAM, argsOf(port, home), { stdio: 'ignore' })
      process.once('exit', () => child.kill())
      await once(child, 'spawn')
      pid = child.pid ?? 0
      await answering(port)
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

/** It joins the public pool, and shows figures to everybody, unless told. */
function argsOf(port: number, keys: string): readonly string[] {
  return ['-listen', `127.0.0.1:${port}`, '-keys', keys, '-pools', '', '-status-srv', '']
}

function receiver(): Receiver {
  return {
    start: async ({ where }, taken) => {
      const port = Number(where)
      const { socket, id } = await control(port)
      socket.write(message(TYPE.joinRelay, string('')))
      await new Promise<void>((joined) =>
        readMessages(socket, (type, body) => {
          if (type === TYPE.ping) socket.write(message(TYPE.pong))
          if (type === TYPE.response) joined()
          if (type === TYPE.invitation) void joinSession(port, keyIn(body)).then(taken)
          return true
        }),
      )
      return JSON.stringify({ port, id })
    },
  }
}

function sender(): Sender {
  return {
    start: async ({ where }) => {
      const { port, id }: { port: number; id: string } = JSON.parse(where)
      const { socket } = await control(port)
      socket.write(message(TYPE.connect, string(Buffer.from(id, 'hex'))))
      const key = await new Promise<Uint8Array>((invited, refused) =>
        readMessages(socket, (type, body) => {
          if (type === TYPE.invitation) invited(keyIn(body))
          if (type === TYPE.response) refused(new Error('the relay refused'))
          return true
        }),
      )
      return joinSession(port, key)
    },
  }
}

/** The connection over which a device asks; its id is the hash of the certificate it shows. */
async function control(port: number): Promise<{ readonly socket: TLSSocket; readonly id: string }> {
  const { pem, privateKey } = await createCertificate({
    clock: { now: () => Date.now(), monotonic: now },
    rng: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  })
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    key: privateKey,
    cert: pem,
    ALPNProtocols: ['bep-relay'],
    rejectUnauthorized: false, // the relay is ours, on this machine
  })
  await once(socket, 'secureConnect')
  return { socket, id: createHash('sha256').update(new X509Certificate(pem).raw).digest('hex') }
}

async function joinSession(port: number, key: Uint8Array): Promise<Pipe> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(message(TYPE.joinSession, string(key)))
  await new Promise<void>((joined) =>
    readMessages(socket, (type) => {
      if (type === TYPE.response) joined()
      return type !== TYPE.response
    }),
  )
  return socketPipe(socket)
}

/** Of the specification, "Messages". */
const MAGIC = 0x9e79bc40
const TYPE = {
  ping: 0,
  pong: 1,
  joinRelay: 2,
  joinSession: 3,
  response: 4,
  connect: 5,
  invitation: 6,
} as const
const HEAD_BYTES = 12

function message(type: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(MAGIC, 0)
  head.writeInt32BE(type, 4)
  head.writeInt32BE(body.byteLength, 8)
  return Buffer.concat([head, body])
}

/** A string of XDR (RFC 4506 §4.11): its length, its bytes, zeroes up to a multiple of four. */
function string(text: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(text)
  const whole = Buffer.alloc(4 + Math.ceil(bytes.length / 4) * 4)
  whole.writeUInt32BE(bytes.length, 0)
  bytes.copy(whole, 4)
  return whole
}

/** Calls back with each message until it answers false; what came behind that stays in the socket. */
function readMessages(socket: Socket, read: (type: number, body: Buffer) => boolean): void {
  let held = Buffer.alloc(0)
  const onData = (bytes: Buffer): void => {
    held = Buffer.concat([held, bytes])
    while (held.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + held.readInt32BE(8)
      if (held.length < end) return
      const goesOn = read(held.readInt32BE(4), held.subarray(HEAD_BYTES, end))
      held = held.subarray(end)
      if (goesOn) continue
      // What comes before somebody listens again would be nobody's.
      socket.pause()
      socket.off('data', onData)
      if (held.length > 0) socket.unshift(held)
      return
    }
  }
  socket.on('data', onData)
}

/** The key in an invitation: the second string of it. */
function keyIn(body: Buffer): Uint8Array {
  const from = body.readUInt32BE(0)
  const at = 4 + Math.ceil(from / 4) * 4
  const length = body.readUInt32BE(at)
  return Uint8Array.from(body.subarray(at + 4, at + 4 + length))
}
