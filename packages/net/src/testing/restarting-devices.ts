/**
 * A program whose devices talk over webrtc-direct alone and are stopped in turns, round after round,
 * while others still dial them. It must live, listen on the same port again, and end by itself
 * (rule NET-9).
 */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { setTimeout } from 'node:timers/promises'
import { createCertificate, createNet, type Net, type NetProtocol } from '../index.ts'
import { realClock, testIdentity, testRng } from './fixtures.ts'

const ECHO: NetProtocol = { id: '/kith/echo/1', maxFrameBytes: 1024, maxStreamsPerPeer: 4 }
const ROUNDS = 3
/** ms; for longer than it takes to see that a process is idle, which this one never is. */
const KNOCKING = 300
const BETWEEN_KNOCKS = 10

const rng = testRng('restarting')
const certificate = await createCertificate({ clock: realClock, rng })
const ports = { ada: 0, ben: 0 }
for (let round = 0; round < ROUNDS; round += 1) {
  const ada = await start('ada')
  const ben = await start('ben')
  ada.setAddresses(ben.peer, ben.addresses())
  ben.setAddresses(ada.peer, ada.addresses())
  ada.keep([ben.peer])
  ben.keep([ada.peer])
  await talk(ben, ada)
  const [first, second] = round % 2 === 0 ? [ada, ben] : [ben, ada]
  for (const net of [first, second]) {
    const port = portOf(net)
    await net.stop()
    await knock(port)
  }
}
process.stdout.write('stopped\n')

/** From the second round on at the port it had before. */
async function start(name: 'ada' | 'ben'): Promise<Net> {
  const listen = [`/ip4/127.0.0.1/udp/${ports[name]}/webrtc-direct`]
  const identity = testIdentity(name)
  const net = await createNet({
    clock: realClock,
    rng,
    identity,
    certificate,
    listen,
    lanPort: 39_873,
  })
  ports[name] = portOf(net)
  net.handle(ECHO, async (stream) => {
    for await (const frame of stream.incoming) await stream.send(frame)
  })
  return net
}

function portOf(net: Net): number {
  const [address = ''] = net.addresses()
  const [, port] = /\/udp\/(\d+)\/webrtc-direct\//.exec(address) ?? []
  if (port === undefined) throw new Error('It does not listen on webrtc-direct')
  return Number(port)
}

async function talk(from: Net, to: Net): Promise<void> {
  const stream = await from.open(to.peer, ECHO)
  await stream.send(Uint8Array.of(1))
  await stream.incoming[Symbol.asyncIterator]().next()
}

/** Strangers that begin ICE at a closed listener, as a page does that still has the address. */
async function knock(port: number): Promise<void> {
  const end = realClock.monotonic() + KNOCKING
  while (realClock.monotonic() < end) {
    const socket = createSocket('udp4')
    await new Promise((sent) => socket.send(bindingRequest(), port, '127.0.0.1', sent))
    await new Promise<void>((closed) => socket.close(closed))
    await setTimeout(BETWEEN_KNOCKS)
  }
  if (await isFree(port)) throw new Error('The socket was closed, and that is not safe')
}

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  const bound = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false))
    socket.bind({ port, address: '127.0.0.1' }, () => resolve(true))
  })
  await new Promise<void>((closed) => socket.close(closed))
  return bound
}

/** A STUN binding request (RFC 8489) whose integrity nobody can check: its user is unknown. */
function bindingRequest(): Uint8Array {
  const ufrag = `libp2p+webrtc+v1/${randomBytes(16).toString('hex')}`
  const user = Buffer.from(`${ufrag}:${ufrag}`)
  const padded = Buffer.concat([user, Buffer.alloc(-user.length & 3)])
  const attributes = Buffer.concat([
    Buffer.from([0, 0x06, user.length >> 8, user.length & 255]),
    padded,
    Buffer.from([0, 0x08, 0, 20]),
    randomBytes(20),
  ])
  return Buffer.concat([
    Buffer.from([0, 1, attributes.length >> 8, attributes.length & 255, 0x21, 0x12, 0xa4, 0x42]),
    randomBytes(12),
    attributes,
  ])
}
