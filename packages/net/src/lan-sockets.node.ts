import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { LAN_GROUP } from './lan-discovery.ts'

/** One multicast socket per own IPv4 address; the default route's interface alone is not enough. */
export interface LanSockets {
  /** Opens sockets of addresses that came and closes those of addresses that went. */
  refresh(): Promise<void>
  /** Sends on every interface what `make` gives for its address. */
  send(make: (ip: string) => Uint8Array | undefined): void
  close(): Promise<void>
}

/** Interfaces beyond this many are virtual ones. */
const MAX_INTERFACES = 16

/** Makes the sockets; none is open before the first refresh. */
export function createLanSockets(
  port: number,
  heard: (bytes: Uint8Array, from: RemoteInfo) => void,
): LanSockets {
  const socketsByIp = new Map<string, Socket>()

  const open = async (ip: string): Promise<void> => {
    const socket = await bindSocket(ip, port, heard).catch(() => undefined)
    // an interface that cannot do multicast now is tried again at the next refresh
    if (socket !== undefined) socketsByIp.set(ip, socket)
  }
  return {
    refresh: async () => {
      const ips = ownAddresses()
      for (const [ip, socket] of socketsByIp) {
        if (ips.has(ip)) continue
        socketsByIp.delete(ip)
        await closeSocket(socket)
      }
      await Promise.all([...ips].filter((ip) => !socketsByIp.has(ip)).map(open))
    },
    send: (make) => {
      for (const [ip, socket] of socketsByIp) {
        const bytes = make(ip)
        // an interface that went down in this moment is closed at the next refresh
        if (bytes !== undefined) socket.send(bytes, port, LAN_GROUP, () => {})
      }
    },
    close: async () => {
      const sockets = [...socketsByIp.values()]
      socketsByIp.clear()
      await Promise.all(sockets.map(closeSocket))
    },
  }
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const ips = all.filter(({ family }) => family === 'IPv4').map(({ address }) => address)
  return new Set(ips.slice(0, MAX_INTERFACES))
}

/** Shared with every other device on this machine, so the port is reused and sends are looped back. */
async function bindSocket(
  ip: string,
  port: number,
  heard: (bytes: Uint8Array, from: RemoteInfo) => void,
): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    const bound = Promise.withResolvers<void>()
    socket.once('error', bound.reject)
    socket.bind(port, () => bound.resolve())
    await bound.promise
    socket.off('error', bound.reject)
    socket.addMembership(LAN_GROUP, ip)
    socket.setMulticastInterface(ip)
    socket.setMulticastTTL(1)
    socket.setMulticastLoopback(true)
  } catch (error) {
    socket.close()
    throw error
  }
  // a later error concerns one datagram that could not be sent
  socket.on('error', () => {})
  socket.on('message', (bytes, from) => heard(Uint8Array.from(bytes), from))
  return socket
}

function closeSocket(socket: Socket): Promise<void> {
  const closed = Promise.withResolvers<void>()
  socket.close(() => closed.resolve())
  return closed.promise
}
