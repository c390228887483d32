import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP connection that can be cut: both ends see it close without a word from the other. */
export interface Cable {
  /** Port on loopback that leads to the other end. */
  readonly port: number
  cut(): void
}

/** A cable to a port on loopback. */
export async function createCable(port: number): Promise<Cable> {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    near.pipe(far).pipe(near)
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
