import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

/** Where a server on loopback listens. @throws Error when it listens nowhere */
export function portOf(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address) return address.port
  throw new Error('a server without a port')
}

/** A TCP port on loopback that nobody held a moment ago; the UDP port of that number is as good as free too. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const port = portOf(probe.address())
  probe.close()
  await once(probe, 'close')
  return port
}

/** Between two looks whether somebody listens: shorter than anything that is measured by it. */
const LOOK_MS = 3

/** Until somebody listens there. */
export async function answering(port: number): Promise<void> {
  while (!(await isAnswered(port))) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}

function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
