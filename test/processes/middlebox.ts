import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a relay on which nothing but libp2p passes. */
export interface Middlebox extends AsyncDisposable {
  /** The relay's address by this way. */
  readonly address: string
}

/** Another address of this machine than the relay's: a device presents a ticket at the host it knows (NET-72). */
const HOST = '127.0.0.2'
/** The first byte of a connection of libp2p: the length of multistream's first line. */
const MULTISTREAM = 0x13

/** Stands before a relay on loopback TCP, as a firewall that looks into packets: no ticket comes through. */
export async function startMiddlebox(relay: string): Promise<Middlebox> {
  const [, port = '', peer = ''] = /\/tcp\/(\d+)\/p2p\/(\w+)$/.exec(relay) ?? []
  const sockets = new Set<Socket>()
  const watch = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((socket) => {
    watch(socket)
    socket.once('data', (first) => {
      if (first[0] !== MULTISTREAM) {
        socket.destroy()
        return
      }
      const onward = connect(Number(port), '127.0.0.1')
      watch(onward)
      onward.write(first)
      socket.pipe(onward).pipe(socket)
    })
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const at = server.address()
  if (at === null || typeof at === 'string') throw new Error('the middlebox listens nowhere')
  return {
    address: `/ip4/${HOST}/tcp/${at.port}/p2p/${peer}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
