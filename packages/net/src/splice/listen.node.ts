import { Server, type Socket } from 'node:net'
import type { Listener } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { Admit } from '../floods/new-socket.ts'
import type { TransportFactory } from '../platform.ts'
import { PREFACE_BYTES, SPLICE_FIRST_BYTE, ticketOf } from './preface.ts'
import type { Present } from './raw-road.ts'

/** What a listener does before libp2p sees a socket. */
export interface Doorway {
  readonly admit?: Admit
  readonly present?: Present
}

/** Whoever says nothing for so long, or no whole preface, is cut off: as long as a handshake may take (rule NET-3). */
export const PREFACE_TIMEOUT_MS = 3_000

/**
 * TCP whose listeners look at the first byte of each socket (rule RLY-51): it begins a connection of libp2p, or a ticket
 * of a spliced road.
 */
export function tcpTransport(doorway: Doorway = {}): TransportFactory {
  const create = tcp()
  if (doorway.admit === undefined && doorway.present === undefined) return create
  return (components) => {
    const transport = create(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => lookingListener(createListener(options), doorway)
    return transport
  }
}

function lookingListener(listener: Listener, doorway: Doorway): Listener {
  const server: unknown = Reflect.get(listener, 'server')
  if (!(server instanceof Server)) throw new TypeError('@libp2p/tcp has no server')
  const sockets = new Set<Socket>()
  const toLibp2p = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    look(socket, doorway, () => {
      sockets.delete(socket) // libp2p keeps account of its own
      for (const take of toLibp2p) Reflect.apply(take, server, [socket])
    })
  })
  const close = listener.close.bind(listener)
  listener.close = async () => {
    for (const socket of sockets) socket.destroy()
    await close()
  }
  return listener
}

/** Lets a socket in, or not, by where it comes from and what it says first. */
function look(socket: Socket, { admit, present }: Doorway, toLibp2p: () => void): void {
  const release = admit === undefined ? () => {} : admit(socket)
  // a socket that fails before anybody listens would end the process
  socket.on('error', () => {})
  if (release === undefined) return void socket.destroy()
  const timer = setTimeout(() => socket.destroy(), PREFACE_TIMEOUT_MS)
  const leave = (): void => {
    clearTimeout(timer)
    socket.off('readable', onReadable)
    socket.off('close', leave)
    release()
  }
  let isSplice = false
  const onReadable = (): void => {
    if (!isSplice) {
      const first: Uint8Array | null = socket.read(1)
      if (first === null) return
      socket.unshift(first)
      isSplice = present !== undefined && first[0] === SPLICE_FIRST_BYTE
      if (!isSplice) {
        leave()
        return toLibp2p()
      }
    }
    const preface: Uint8Array | null = socket.read(PREFACE_BYTES)
    if (preface === null) return
    leave()
    const ticket = ticketOf(preface)
    if (ticket === undefined || present === undefined) return void socket.destroy()
    present(Uint8Array.from(ticket), socket)
  }
  socket.on('readable', onReadable)
  socket.on('close', leave)
}
